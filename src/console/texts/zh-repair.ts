import type { RepairReport } from '../../operator/contract/actions.js';
import { counted } from './pluralise.js';

/** Why a repair leaves a customer as it is: every reason has its texts, in every language. */
type Reason = RepairReport['left'][number]['reason'];

/** What is said of a reason: what was found, and what to do about it. */
interface ReasonTexts {
  readonly what: string;
  readonly toDo: string;
}

const rows = (count: number) => `${counted(count)} 行`;

/** The texts of the repair's pages, in Chinese. */
export const zhRepair = {
  repair: {
    title: '修复产品库',
    link: '查看丢失内容并修复…',
    refresh: '重新读取',
    meaning:
      '产品库丢失了最近一段数据：中间库里的行已是 State 2，产品库中却没有相应的处理结果。为避免误判，工作进程已停止处理所有行。请勿把这些行改回 State 0，否则它们会排在较新的行之后生效。',
    steps: [
      '先确认 store.connection 连的是正确的库。旧主库若还在且数据完整：停止工作进程，把地址切回旧主库，停止当前这个库，执行 bnet-sync repair --accept，再启动工作进程。',
      '试运行：不改任何数据，列出会重新生效的行，以及无法修复的客户和原因。',
      '修复：丢失的行按标记 State 2 的先后重新作用到产品库。State 2 的行一概不动，也不调用处理程序（handlers）：它们写入的自建表需自行恢复。可随时取消，再次启动会接着做，不会重复生效。',
    ],
    noAlarms: '没有未关闭的告警。',
    unread: '暂时读不到产品库中的告警和操作记录。',
    foundBy: '发现者',
    finishedAt: '处理完成',
    andMore: (count: number) => `另有 ${rows(count)}`,
    noOrigin:
      '产品库是新建的或已被清空，不知道从何时起的行由我们处理。若要从中间库补全，请勾选“全部视为我方处理”；若只从现在启用，请运行 bnet-sync migrate --new-store。',
    dryRun: '试运行',
    repair: '修复',
    startDryRun: '试运行',
    startRepair: '修复…',
    confirmRepair: '开始修复',
    narrower: '只修复一个客户或产品，或改变处理方式',
    customer: 'CustID（空：全部）',
    product: 'ProductID（空：全部）',
    all: '全部视为我方处理',
    allHint:
      '凡是日志中没有的、已处理完成的行，不论由谁处理，都视为我方处理并补做。用于填充新建的空库，或在此前已确认产品库现状（--accept）之后。',
    takeBack: '撤回误拒',
    takeBackHint:
      '只因丢失而被拒的行按原有位置生效，并由 State 3 改回 0，由工作进程回写 2。请先与平台核对是否已按拒绝原因另发新行：若已另发，不要勾选，否则两条都会生效。',
    next: '继续',
    scope: '范围',
    whole: '全部',
    part: '只修复一部分不会关闭告警。',
    badScope: 'CustID 和 ProductID 是 30 位以内的整数。',
    confirmTitle: '确认修复产品库',
    lastDryRun: (ago: string) => `${ago}前的试运行：`,
    noDryRun: '尚未就此范围做过试运行。建议先试运行：试运行不改任何数据。',
    startedBy: '发起人',
    startedAt: '开始时间',
    elapsed: '耗时',
    statuses: {
      running: '正在进行',
      ending: '正在取消：完成当前一批后结束',
      done: '已结束',
      cancelled: '提前结束',
      failed: '失败',
    },
    phases: { rows: '已读取的已完成行', journal: '已读取的日志', repaired: '已重新生效的行' },
    found: '已找到的丢失行',
    cancel: '取消',
    cancelHint: '完成当前一批后结束；已做的保留，再次启动会接着做。关闭浏览器不影响修复。',
    failed: '修复未能完成：',
    goesOn: '已做的保留；排除原因后再次启动，会接着做。',
    wouldTake: (count: number, customers: number) =>
      `将有 ${counted(customers)} 个客户的 ${rows(count)}重新生效。未改动任何数据。`,
    took: (count: number, customers: number) => `${counted(customers)} 个客户的 ${rows(count)}已重新生效。`,
    nothing: '没有发现丢失的行。',
    endedEarly: '提前结束，尚未检查完；再次启动会接着做。结束者：',
    bySignal: '进程被停止',
    byOthers: (count: number) =>
      `有 ${rows(count)}已处理完成而日志中没有，判断为他人处理，未作改动。勾选“全部视为我方处理”才会补做。`,
    replayed: (count: number) =>
      `其中 ${counted(count)} 个客户在丢失之后又有新行生效：丢失的行按其原有位置（在这些新行之前）生效。`,
    refused: (count: number) => `这些客户有 ${rows(count)}在丢失之后被拒，只因数据丢失。`,
    takenBack: (count: number) => `其中 ${rows(count)}已按原有位置生效，并改回 State 0，由工作进程回写 2。`,
    notTakenBack:
      '未作改动。勾选“撤回误拒”可使其按原有位置生效（请先核对平台是否已另发新行）；重新排队则会在较新的行之后重新判断。',
    closed: (count: number) => `已关闭 ${counted(count)} 个告警，工作进程 4 秒内继续处理。`,
    open: (count: number) => `仍有 ${counted(count)} 个告警未关闭：`,
    whatCloses: {
      part: '只修复了一部分；修复全部才会关闭告警。',
      left: '有客户未能修复。按下面的办法处理；确实无法补齐的，用 bnet-sync repair --accept 关闭告警（不恢复任何数据）。',
      early: '请再次启动修复。',
      other: '仍有行丢失，或工作进程又发现了新的丢失。请再次启动修复。',
    },
    left: (count: number) => `${counted(count)} 个客户未能修复`,
    leftDry: (count: number) => `${counted(count)} 个客户将不会修复`,
    leftFirst: (count: number) =>
      `这里只列出前 ${counted(count)} 个；bnet-sync repair --dry-run --json 列出全部。`,
    firstRow: '第一条丢失的行',
    lostRows: '丢失行数',
    reason: '原因',
    reasons: {
      historyIncomplete: {
        what: '丢失之后该客户又有新行生效，无法断定应有的值',
        toDo: '日志中的记录推算不出产品库的现状：日志清理过、接口表的行被清理或改过，或产品库被人改过。可用 bnet-sync verify --customer 查看差异；请平台以新行（0102、0202）重发该客户现状。',
      },
      impossible: {
        what: '该行在其位置上无法生效',
        toDo: '或者更早的数据也缺失：请恢复更新的备份，或请平台重发该客户现状；或者该行是丢失之后误判成功的（例如退订丢失后又绑定了用户）：请与平台核对，由其重发现状。',
      },
      busy: { what: '每次检查时该客户都有行被处理', toDo: '再次启动修复即可。' },
    } satisfies Record<Reason, ReasonTexts>,
    examples: '例如',
    compare: '修复之后请运行 bnet-sync verify，核对两边的全部数据。',
    running: '本进程正在进行修复或试运行：请等它结束，或取消它。',
    notOurs: '该产品不在 middle.productIds 中：它的行不由我们处理。',
    staging: '修复需要一个临时的 SQLite 数据库，目前无法使用：',
    underWay: (who: string, at: string) =>
      `操作记录中有一次没有结果的修复（${who}，${at} UTC）：它正在另一个进程中进行，或其进程已中途退出。可以再次启动修复：会接着做完，不会重复生效。`,
    openHere: '修复正在本进程中进行：',
    openElsewhere:
      '没有结果：修复正在另一个进程中进行，或其进程已中途退出。已做的保留；再次启动修复会接着做完，不会重复生效。',
    page: '修复页面',
  },
};

/** The shape of these texts. */
export type RepairTexts = typeof zhRepair;
