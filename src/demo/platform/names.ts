import type { Random } from './random.js';

const places = ['广州', '深圳', '佛山', '东莞', '珠海', '杭州', '宁波', '成都', '武汉', '西安', '鄂尔多斯'];
const words = ['华信', '天翼', '远航', '金桥', '恒达', '瑞丰', '新世纪', '百年', '鑫淼', '㙟塱'];
const trades = ['科技', '物流', '电子', '贸易', '软件', '建筑工程', '医疗器械', '餐饮管理'];
const forms = ['有限公司', '股份有限公司', '集团有限公司', '(中国)有限公司', '分公司'];
const surnames = ['王', '李', '张', '刘', '陈', '杨', '赵', '黄', '欧阳', '诸葛', '㛃', '仝'];
/** The last one stands outside the Basic Multilingual Plane: four bytes of UTF-8, two code units. */
const givenNames = ['伟', '芳', '秀英', '敏', '静', '建国', '丽娟', '子涵', '雨桐', '喆', '𠮷祥'];
const areaCodes = ['020', '0755', '0757', '0769', '57101', '57102', '028', '027', '029'];

/** A customer's name, such as 杭州远航软件有限公司. */
export function companyName(random: Random): string {
  return random.pick(places) + random.pick(words) + random.pick(trades) + random.pick(forms);
}

/** A user's name, such as 欧阳秀英. */
export function personName(random: Random): string {
  return random.pick(surnames) + random.pick(givenNames);
}

/** An area code of three to five digits. */
export function areaCode(random: Random): string {
  return random.pick(areaCodes);
}
