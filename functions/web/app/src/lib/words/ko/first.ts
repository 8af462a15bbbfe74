import type { Status } from '../../api/types';
import { withParticle } from '../particle';

const days = (n: number) => `${n}일`;

export const ko = {
  app: {
    name: '한입',
    otherLanguage: 'English',
    otherAccount: '다른 계정으로 로그인되어 있어요.',
    loading: '불러오는 중',
    notFound: '찾을 수 없는 페이지예요.',
  },
  nav: {
    home: '오늘',
    history: '지난 기록',
    sos: '지금 먹고 싶어요',
    settings: '설정',
    pages: '메뉴',
    back: '오늘로 돌아가기',
  },
  action: {
    close: '닫기',
    save: '저장하기',
    undo: '되돌리기',
    retry: '다시 시도',
    back: '돌아가기',
    cancel: '취소',
    change: '고치기',
    remove: '지우기',
    more: '더 보기',
  },
  outbox: {
    sending: '보내는 중',
    saved: '저장됨',
    waiting: (n: number) => `연결되면 보낼게요 (${n})`,
    fragile: '이 브라우저에는 담아 둘 수 없어요. 다 보낼 때까지 이 화면을 열어 두세요.',
    away: '연결이 없어서 마지막으로 본 모습이에요.',
  },
  trouble: {
    unavailable: '잠시 연결이 어려워요. 곧 다시 시도할게요.',
    tryLater: '지금은 연결이 어려워요. 잠시 후 다시 해 주세요.',
    broken: '문제가 생겼어요. 다시 시도해 주세요.',
  },

  signIn: {
    lead: '끊고 싶은 음식을 고르면, 지킨 날을 하루하루 세어 드려요.',
    points: [
      '먹은 날만 알려 주면 돼요',
      '하루 기록은 10초면 충분해요',
      '먹은 날이 있어도 지킨 날은 그대로예요',
    ],
    with: (provider: string) => `${provider} 계정으로 계속하기`,
    local: '이 컴퓨터에서 시작하기',
    noCookies: '이 브라우저는 쿠키를 막고 있어요. 로그인하려면 쿠키를 허용해 주세요.',
    again: '다시 로그인해 주세요. 적던 내용은 그대로 있어요.',
    preview: '먼저 둘러보기',
    none: '쓸 수 있는 로그인 방법이 아직 없어요.',
    problems: {
      'sign-in-expired': '로그인이 끝까지 이어지지 않았어요. 같은 브라우저에서 다시 시작해 주세요.',
      'sign-in-refused': '로그인을 멈췄어요. 언제든 다시 시작할 수 있어요.',
      'sign-in-failed': '로그인을 마치지 못했어요. 계속되면 관리자에게 알려 주세요.',
      'too-many-attempts': '로그인을 여러 번 시도했어요. 몇 분 뒤에 다시 해 주세요.',
    } as Record<string, string>,
  },

  add: {
    title: '무엇을 끊을까요?',
    hint: '하나를 누르면 바로 세기 시작해요.',
    more: '끊을 음식 추가',
    suggestions: [
      '설탕',
      '라면',
      '탄산음료',
      '과자',
      '커피',
      '야식',
      '술',
      '초콜릿',
      '튀김',
      '빵',
      '패스트푸드',
      '아이스크림',
    ],
    start: '언제부터 셀까요?',
    fromToday: '오늘부터',
    fromPast: '전부터 끊고 있어요',
    startDate: '시작일',
    dateMissing: '시작일을 골라 주세요.',
    name: '직접 적기',
    placeholder: '예: 밀크티',
    submit: '시작하기',
    added: (name: string) => `${withParticle(name, '을', '를')} 세기 시작했어요.`,
  },

  status: {
    kept: '지킴',
    slipped: '먹음',
    skipped: '쉬어감',
    open: '기록 전',
    missing: '기록 없음',
  } satisfies Record<Status, string> as Record<Status, string>,
  outcome: { kept: '지켰어요', slipped: '먹었어요', skipped: '쉬어갈래요' },

  streak: {
    dayNumber: (n: number) => `시작한 지 ${n}일째`,
    current: (n: number) => ({ number: `${n}`, rest: '일 연속' }),
    inARow: (n: number) => `${days(n)} 연속`,
    firstDay: '오늘이 1일째, 시작했어요',
    best: (n: number) => `최고 ${days(n)}`,
    kept: (n: number) => `지킨 날 ${days(n)}`,
    days,
    next: (badge: number, left: number) => `${days(badge)} 배지까지 ${days(left)}`,
    nextToday: (badge: number) => `오늘까지 지키면 ${days(badge)}이에요`,
    slipped: (best: number, kept: number) =>
      best + kept === 0
        ? '기록했어요. 내일부터 다시 이어 가요.'
        : `기록했어요. 최고 ${days(best)}과 지킨 날 ${days(kept)}은 그대로예요. 내일부터 다시 이어 가요.`,
    again: '오늘부터 다시 이어 가요',
    waiting: (n: number) => `어제를 확인하면 ${days(n)} 연속이에요`,
    unsent: '보내고 나면 다시 셀게요',
    later: (date: string) => `${date}부터 시작해요`,
  },

  review: {
    counting: '지킨 날로 세고 있어요',
    notYet: '아직',
    keepAll: (n: number): string => (n > 1 ? '모두 지켰어요' : '오늘도 지켰어요'),
    saved: '저장했어요.',
    skippedHint: '늘지도 끊기지도 않아요.',
    title: '하루 기록',
    question: (name: string) => `${name}, 오늘 어땠나요?`,
    difficulty: '오늘 하루는 어땠나요?',
    faces: ['쉬웠어요', '괜찮았어요', '그저 그랬어요', '힘들었어요', '아주 힘들었어요'],
    optional: '골라도, 안 골라도 돼요',
    note: '메모',
    notePlaceholder: '남기고 싶은 말이 있나요?',
  },

  account: {
    summary: (zone: string, time: string) => `${zone} · 하루는 ${time}에 시작해요`,
  },
};
