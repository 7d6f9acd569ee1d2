-- The four interface tables (specification 5.2.2.1 to 5.2.2.4) for trials and tests on Oracle, 12.1 or later. On a
-- real platform the tables are there already: do not run this.
--
-- Run it as the user who is to own the tables; here and in grants.sql that is ISMP. This file is UTF-8: SQL*Plus needs
-- NLS_LANG=.AL32UTF8 to read the comments.
--
-- The keys are all that is NOT NULL, because the specification promises nothing else. Names are unquoted, so Oracle
-- keeps them in upper case. The lengths count bytes, as they do unless NLS_LENGTH_SEMANTICS says otherwise.

CREATE TABLE IF_BNET_CUST (
  StreamingNo  NUMBER(30,0) PRIMARY KEY,
  ProductID    NUMBER(30,0),
  BizID        VARCHAR2(20),
  AreaCode     VARCHAR2(5),
  CustID       NUMBER(30,0),
  CustAccount  VARCHAR2(100),
  CustName     VARCHAR2(128),
  OPFlag       VARCHAR2(4),
  CreateDate   DATE,
  State        NUMBER(2,0),
  ErrContent   VARCHAR2(1024),
  StateDate    DATE,
  Remark       VARCHAR2(1024)
);

COMMENT ON TABLE IF_BNET_CUST IS '客户接口表 (5.2.2.1)';
COMMENT ON COLUMN IF_BNET_CUST.StreamingNo IS '流水号';
COMMENT ON COLUMN IF_BNET_CUST.ProductID IS '产品标识';
COMMENT ON COLUMN IF_BNET_CUST.BizID IS '客户产品计费标识';
COMMENT ON COLUMN IF_BNET_CUST.AreaCode IS '客户地区';
COMMENT ON COLUMN IF_BNET_CUST.CustID IS '客户编码';
COMMENT ON COLUMN IF_BNET_CUST.CustAccount IS '客户帐号';
COMMENT ON COLUMN IF_BNET_CUST.CustName IS '客户名称';
COMMENT ON COLUMN IF_BNET_CUST.OPFlag IS '操作类型: 0101 新增, 0102 变更, 0103 退订';
COMMENT ON COLUMN IF_BNET_CUST.CreateDate IS '创建时间';
COMMENT ON COLUMN IF_BNET_CUST.State IS '信息状态: 0 初始状态, 1 正在处理中, 2 处理成功, 3 处理失败';
COMMENT ON COLUMN IF_BNET_CUST.ErrContent IS '错误描述';
COMMENT ON COLUMN IF_BNET_CUST.StateDate IS '状态更新时间';
COMMENT ON COLUMN IF_BNET_CUST.Remark IS '备注';

CREATE TABLE IF_BNET_CUST_ATTR (
  CustAttrID   NUMBER(30,0) PRIMARY KEY,
  StreamingNo  NUMBER(30,0),
  CustID       NUMBER(30,0),
  AttrSpecID   NUMBER(30,0),
  AttrValue    VARCHAR2(100),
  CreateDate   DATE,
  State        NUMBER(2,0),
  StateDate    DATE
);

COMMENT ON TABLE IF_BNET_CUST_ATTR IS '客户附加信息接口表 (5.2.2.2)';
COMMENT ON COLUMN IF_BNET_CUST_ATTR.CustAttrID IS '客户附加属性 ID';
COMMENT ON COLUMN IF_BNET_CUST_ATTR.StreamingNo IS '流水号: IF_BNET_CUST 中所属记录';
COMMENT ON COLUMN IF_BNET_CUST_ATTR.CustID IS '客户 ID';
COMMENT ON COLUMN IF_BNET_CUST_ATTR.AttrSpecID IS '属性规格 ID';
COMMENT ON COLUMN IF_BNET_CUST_ATTR.AttrValue IS '属性值';
COMMENT ON COLUMN IF_BNET_CUST_ATTR.CreateDate IS '创建时间';
COMMENT ON COLUMN IF_BNET_CUST_ATTR.State IS '状态';
COMMENT ON COLUMN IF_BNET_CUST_ATTR.StateDate IS '状态时间';

CREATE TABLE IF_BNET_ACCOUNT (
  StreamingNo  NUMBER(30,0) PRIMARY KEY,
  ProductID    NUMBER(30,0),
  BizID        VARCHAR2(20),
  AreaCode     VARCHAR2(5),
  CustID       NUMBER(30,0),
  UserID       VARCHAR2(100),
  AccType      NUMBER(2,0),
  AccName      VARCHAR2(100),
  OPFlag       VARCHAR2(4),
  CreateDate   DATE,
  State        NUMBER(2,0),
  ErrContent   VARCHAR2(1024),
  StateDate    DATE,
  Remark       VARCHAR2(1024)
);

COMMENT ON TABLE IF_BNET_ACCOUNT IS '用户接口表 (5.2.2.3)';
COMMENT ON COLUMN IF_BNET_ACCOUNT.StreamingNo IS '流水号';
COMMENT ON COLUMN IF_BNET_ACCOUNT.ProductID IS '产品标识';
COMMENT ON COLUMN IF_BNET_ACCOUNT.BizID IS '客户产品计费标识';
COMMENT ON COLUMN IF_BNET_ACCOUNT.AreaCode IS '客户地区';
COMMENT ON COLUMN IF_BNET_ACCOUNT.CustID IS '客户标识';
COMMENT ON COLUMN IF_BNET_ACCOUNT.UserID IS '用户帐号';
COMMENT ON COLUMN IF_BNET_ACCOUNT.AccType IS '用户类型: 1 管理员, 2 普通用户';
COMMENT ON COLUMN IF_BNET_ACCOUNT.AccName IS '用户名称';
COMMENT ON COLUMN IF_BNET_ACCOUNT.OPFlag IS '操作类型: 0201 新增, 0202 变更, 0203 退订';
COMMENT ON COLUMN IF_BNET_ACCOUNT.CreateDate IS '创建时间';
COMMENT ON COLUMN IF_BNET_ACCOUNT.State IS '信息状态: 0 初始状态, 1 正在处理中, 2 处理成功, 3 处理失败';
COMMENT ON COLUMN IF_BNET_ACCOUNT.ErrContent IS '错误描述';
COMMENT ON COLUMN IF_BNET_ACCOUNT.StateDate IS '状态更新时间';
COMMENT ON COLUMN IF_BNET_ACCOUNT.Remark IS '备注';

CREATE TABLE IF_BNET_ACCOUNT_ATTR (
  AccAttrID    NUMBER(30,0) PRIMARY KEY,
  StreamingNo  NUMBER(30,0),
  CustID       NUMBER(30,0),
  AttrSpecID   NUMBER(30,0),
  AttrValue    VARCHAR2(100),
  CreateDate   DATE,
  State        NUMBER(2,0),
  StateDate    DATE
);

COMMENT ON TABLE IF_BNET_ACCOUNT_ATTR IS '用户附加信息接口表 (5.2.2.4)';
COMMENT ON COLUMN IF_BNET_ACCOUNT_ATTR.AccAttrID IS '用户附加属性 ID';
COMMENT ON COLUMN IF_BNET_ACCOUNT_ATTR.StreamingNo IS '流水号: IF_BNET_ACCOUNT 中所属记录';
COMMENT ON COLUMN IF_BNET_ACCOUNT_ATTR.CustID IS '客户 ID';
COMMENT ON COLUMN IF_BNET_ACCOUNT_ATTR.AttrSpecID IS '属性规格 ID';
COMMENT ON COLUMN IF_BNET_ACCOUNT_ATTR.AttrValue IS '属性值';
COMMENT ON COLUMN IF_BNET_ACCOUNT_ATTR.CreateDate IS '创建时间';
COMMENT ON COLUMN IF_BNET_ACCOUNT_ATTR.State IS '状态';
COMMENT ON COLUMN IF_BNET_ACCOUNT_ATTR.StateDate IS '状态时间';
