import { counted } from './pluralise.js';

/** 核对页面的文字。 */
export const zhVerify = {
  verification: {
    title: '核对',
    explain:
      '按工作进程自己的规则，把中间库中 State 2 的行重新推演一遍，与产品库逐项比较。只读，不改动任何数据，可与工作进程同时运行。',
    never: '还没有完成过核对。',
    howTo:
      '在配置中设置 verify.every（例如 6h）并重启工作进程，由持有分片 0 的工作进程定时核对；或运行一次 bnet-sync verify。',
    clean: '没有差异。',
    found: (differences: number, customers: number) =>
      `发现 ${counted(differences)} 处差异，涉及 ${counted(customers)} 个客户。`,
    onOverview: (differences: number) => `最近一次核对发现 ${counted(differences)} 处差异。`,
    list: '查看核对结果',
    last: '最近一次完成的核对',
    endedAt: '完成时间',
    startedAt: '开始时间',
    took: '用时',
    who: '执行者',
    vias: { schedule: '定时', command: '命令' },
    compared: '比较范围',
    comparedText: (rows: number, customers: number) =>
      `${counted(rows)} 行（State 2），${counted(customers)} 个客户`,
    notJudged: '未比较',
    notJudgedText: (customers: number) => `${counted(customers)} 个客户`,
    reasons: {
      rowsLeft: '已生效的行已从中间库清理',
      rowsRewritten: '已生效的行被改成了别的内容',
      historyIncomplete: '所依赖的开通或绑定，两个库中都已查不到',
      olderThanJournal: '有早于处理日志的记录',
      busy: '每次读取时都有行正在生效',
    },
    byKind: '差异分类',
    kind: '类别',
    count: '数量',
    means: '含义',
    whatToDo: '处理办法',
    differences: '差异',
    shown: (from: number, to: number, all: number) =>
      `第 ${counted(from)} 至 ${counted(to)} 条，共 ${counted(all)} 条`,
    kept: (kept: number, all: number) =>
      `共 ${counted(all)} 处差异，只保留前 ${counted(kept)} 条。要看全部，请运行 bnet-sync verify --limit 10000。`,
    ofKind: (kind: string) => `只显示“${kind}”`,
    allKinds: '显示全部类别',
    record: '记录或行',
    expected: '应为',
    stored: '实为',
    customerRecord: '客户',
    user: (name: string) => `用户 ${name}`,
    attribute: (spec: string) => `附加属性 ${spec}`,
    after: '晚于',
    runs: '历次核对',
    state: '结果',
    states: {
      running: '进行中',
      finished: '完成',
      failed: '失败',
      cancelled: '已取消',
      abandoned: '进程已退出',
    },
    kinds: {
      missing: {
        name: '缺失',
        means: '按已完成的行应当存在，产品库中没有。',
        whatToDo:
          '先查产品库是否恢复过备份、切换过主备，或被手工改过。若是数据丢失，bnet-sync repair --dry-run 可列出丢失的行。',
      },
      surplus: {
        name: '多余',
        means: '产品库中有，但没有任何已完成的行会产生它。',
        whatToDo:
          '查是谁手工写入的。若行和处理日志都已清理，请设置 verify.journalSince，使这类旧记录不再参与比较。',
      },
      different: {
        name: '不一致',
        means: '两边都有，但值不同。',
        whatToDo:
          '先看同一客户是否还有“顺序颠倒”“内容已变”。若没有，多半是产品库被手工改过，或行生效之后改过 rules.attributes。更正产品库，或由平台重发变更。',
      },
      notInJournal: {
        name: '日志中没有',
        means: '行在 State 2，但我们的工作进程没有处理过它；仍按应当生效比较。',
        whatToDo:
          '查是谁把 State 改成了 2。若确有其他程序在处理这些行，请设置 middle.othersFinishRows；若产品库丢过数据，见运维手册。',
      },
      refusedInJournal: {
        name: '日志中已拒绝',
        means: '行在 State 2，但处理日志中是拒绝；不要求它生效。',
        whatToDo: '有人手工把失败行改成了成功。请平台更正后重新排队，或把 State 改回 3。',
      },
      changedSince: {
        name: '内容已变',
        means: '行在 State 2，但内容或附加属性与生效时不同；按现在的内容比较。',
        whatToDo: '行在完成之后被改过。需要新内容生效时，请平台发一条新的变更。',
      },
      appliedInJournal: {
        name: '已生效却为 State 3',
        means: '处理日志中已生效，行却在 State 3。',
        whatToDo: '有人改了 State。内容未变时，重新排队即可：工作进程按日志标记为 2，不会再次生效。',
      },
      impossible: {
        name: '不可能生效',
        means: '处理日志中没有的行，按顺序它不可能生效；“实为”一栏说明原因。',
        whatToDo: '行是被手工改成 State 2 的。请平台更正后重发。',
      },
      outOfOrder: {
        name: '顺序颠倒',
        means: '行在同一客户较晚的行之后才生效，且结果因此不同。',
        whatToDo:
          '多半是产品库丢过数据后有人把行改回 State 0，或平台的事务提交过慢。请平台重发最后一次变更；若再次发生，调大 worker.settleMs。',
      },
    },
  },
};
