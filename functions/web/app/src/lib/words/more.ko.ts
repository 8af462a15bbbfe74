/** The words of the pages that are loaded when they are first opened. */
import { withParticle } from './particle';

const days = (n: number) => `${n}일`;
const times = (n: number) => `${n}번`;

export const ko = {
  name: '이름',
  date: '날짜',
  note: '메모',
  cancel: '그만두기',
  edit: '고치기',
  remove: '지우기',
  more: '더 보기',
  optional: '모두 안 적어도 괜찮아요.',

  food: {
    archivedOn: (date: string) => `${date}에 보관했어요`,
    archivedHint: '기록은 그대로 있고, 그날까지의 기록은 고칠 수 있어요.',
    manage: '이 항목',
    edit: '이름, 시작일, 이유 고치기',
    addSlip: '먹은 것 남기기',
    archive: '보관하기',
    archived: (name: string) => `${withParticle(name, '을', '를')} 보관했어요.`,
    unarchive: '다시 꺼내기',
    unarchived: (name: string) => `${withParticle(name, '을', '를')} 다시 꺼냈어요.`,
    gap: (from: string, to: string) => `보관한 동안(${from}~${to})은 어떻게 할까요?`,
    gapOne: (date: string) => `보관한 동안(${date})은 어떻게 할까요?`,
    gapSkip: '쉬어간 날로 둘래요',
    gapSkipHint: '늘지도 끊기지도 않아요.',
    gapCount: '평소처럼 셀래요',
    gapCountHint: '먹은 날만 기록하면 지킨 날로, 날마다 확인하면 기록 없음으로 세요.',
    gapNote: '보관한 동안',
    goal: (days: number, left: number) => `목표 ${days}일까지 ${left}일`,
    goalReached: (days: number, date: string) => `${date}에 목표 ${days}일을 이뤘어요`,
    why: '내가 끊는 이유',
  },

  stats: {
    figures: '한눈에 보기',
    rate: '지킨 비율',
    lately: '요즘',
    rate30: (kept: number, counted: number) =>
      counted === 30
        ? `최근 30일 중 ${days(kept)}`
        : `최근 30일에 센 ${days(counted)} 중 ${days(kept)}`,
    saved: '아낀 돈',
    kept: '지킨 날',
    confirmed: '직접 확인한 날',
    skipped: '쉬어간 날',
    slipped: '먹은 날',
    lastSlip: '마지막으로 먹은 날',
    slips: '먹은 때 돌아보기',
    noSlips: '먹은 날이 아직 없어요.',
    weekday: '요일',
    hour: '시각',
    hourOf: (hour: number) => `${hour}시`,
    triggers: '계기',
    withoutTime: (n: number) => `시각을 적지 않은 ${times(n)}은 빠져 있어요.`,
    runs: '이어 온 기록',
    noRuns: '하루를 지키면 여기에 쌓여요.',
    run: (from: string, to: string) => (from === to ? from : `${from}~${to}`),
    runDays: days,
    going: '이어지는 중',
    moreRuns: (n: number) => `지난 기록 ${n}개 더 보기`,
    times,
  },

  triggers: {
    stress: '스트레스',
    tired: '피곤해서',
    bored: '심심해서',
    hungry: '배고파서',
    with_people: '사람들과 있다가',
    habit: '습관처럼',
    saw_it: '눈에 보여서',
    celebration: '축하할 일',
  } as Record<string, string>,
};
