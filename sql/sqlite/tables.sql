-- The four interface tables (specification 5.2.2.1 to 5.2.2.4) for trials and tests on SQLite.
--
-- Numbers of 30 digits are TEXT, because SQLite would round them. Dates are TEXT, YYYY-MM-DD HH:MM:SS in UTC,
-- as datetime('now') gives them. Lengths are not checked, as nowhere in SQLite.

-- 客户接口表 (5.2.2.1)
CREATE TABLE IF_BNET_CUST (
  StreamingNo  TEXT PRIMARY KEY,     -- 流水号
  ProductID    TEXT,                 -- 产品标识
  BizID        TEXT,                 -- 客户产品计费标识
  AreaCode     TEXT,                 -- 客户地区
  CustID       TEXT,                 -- 客户编码
  CustAccount  TEXT,                 -- 客户帐号
  CustName     TEXT,                 -- 客户名称
  OPFlag       TEXT,                 -- 操作类型: 0101 新增, 0102 变更, 0103 退订
  CreateDate   TEXT,                 -- 创建时间
  State        INTEGER,              -- 信息状态: 0 初始状态, 1 正在处理中, 2 处理成功, 3 处理失败
  ErrContent   TEXT,                 -- 错误描述
  StateDate    TEXT,                 -- 状态更新时间
  Remark       TEXT                  -- 备注
);

-- 客户附加信息接口表 (5.2.2.2)
CREATE TABLE IF_BNET_CUST_ATTR (
  CustAttrID   TEXT PRIMARY KEY,     -- 客户附加属性 ID
  StreamingNo  TEXT,                 -- 流水号: IF_BNET_CUST 中所属记录
  CustID       TEXT,                 -- 客户 ID
  AttrSpecID   TEXT,                 -- 属性规格 ID
  AttrValue    TEXT,                 -- 属性值
  CreateDate   TEXT,                 -- 创建时间
  State        INTEGER,              -- 状态
  StateDate    TEXT                  -- 状态时间
);

-- 用户接口表 (5.2.2.3)
CREATE TABLE IF_BNET_ACCOUNT (
  StreamingNo  TEXT PRIMARY KEY,     -- 流水号
  ProductID    TEXT,                 -- 产品标识
  BizID        TEXT,                 -- 客户产品计费标识
  AreaCode     TEXT,                 -- 客户地区
  CustID       TEXT,                 -- 客户标识
  UserID       TEXT,                 -- 用户帐号
  AccType      INTEGER,              -- 用户类型: 1 管理员, 2 普通用户
  AccName      TEXT,                 -- 用户名称
  OPFlag       TEXT,                 -- 操作类型: 0201 新增, 0202 变更, 0203 退订
  CreateDate   TEXT,                 -- 创建时间
  State        INTEGER,              -- 信息状态: 0 初始状态, 1 正在处理中, 2 处理成功, 3 处理失败
  ErrContent   TEXT,                 -- 错误描述
  StateDate    TEXT,                 -- 状态更新时间
  Remark       TEXT                  -- 备注
);

-- 用户附加信息接口表 (5.2.2.4)
CREATE TABLE IF_BNET_ACCOUNT_ATTR (
  AccAttrID    TEXT PRIMARY KEY,     -- 用户附加属性 ID
  StreamingNo  TEXT,                 -- 流水号: IF_BNET_ACCOUNT 中所属记录
  CustID       TEXT,                 -- 客户 ID
  AttrSpecID   TEXT,                 -- 属性规格 ID
  AttrValue    TEXT,                 -- 属性值
  CreateDate   TEXT,                 -- 创建时间
  State        INTEGER,              -- 状态
  StateDate    TEXT                  -- 状态时间
);
