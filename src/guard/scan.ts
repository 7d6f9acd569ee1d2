/**
 * How many finished rows of each table a comparison reads. What others finish between a loss and the takeover is among
 * the newest, too: with more than this the rows that were lost are out of sight.
 */
export const scanRows = 20_000;
