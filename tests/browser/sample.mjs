// Somebody who has been here for a while: everything that a screen can show is there.
import { daysAgo, send } from './page.mjs';

export async function fill(page) {
  const id = () => page.evaluate(() => crypto.randomUUID());
  const food = async (body) => (await send(page, 'POST', '/api/foods', { id: await id(), ...body })).id;
  const slip = async (food_id, days, about) =>
    send(page, 'PUT', `/api/reviews/${daysAgo(days)}/slips/${await id()}`, { food_id, ...about });

  const ramen = await food({
    name: '라면',
    icon: '🍜',
    color: '#e8813a',
    start_date: daysAgo(86),
    goal_days: 30,
    motivation: '아침에 속이 편했으면 해요\n건강 검진에서 웃고 싶어요',
    price_per_day: '1500',
    currency: 'KRW',
  });
  const soda = await food({ name: '탄산음료', start_date: daysAgo(24), counting: 'confirm', color: '#4a7fd1' });
  const snack = await food({ name: '야식', icon: '🌙', start_date: daysAgo(9) });
  const coffee = await food({ name: '커피', icon: '☕', start_date: daysAgo(60) });
  const bread = await food({ name: '빵', start_date: daysAgo(20) });

  await slip(ramen, 70, { time: '23:10', trigger: 'hungry', amount: '한 그릇', craving: 8 });
  await slip(ramen, 52, { time: '22:40', trigger: 'stress', craving: 7, note: '야근하고 돌아오는 길' });
  await slip(ramen, 52, { time: '23:30', trigger: 'stress' });
  await slip(ramen, 33, { time: '12:20', trigger: 'with_people', amount: '반 그릇' });
  await slip(ramen, 12, { trigger: '캠핑' });
  await slip(snack, 4, { time: '00:30', trigger: 'habit' });

  const days = {
    1: { difficulty: 2 },
    2: { difficulty: 1, note: '친구랑 산책을 다녀왔어요' },
    3: {},
    4: { difficulty: 4, note: '늦게까지 일해서 출출했어요' },
    5: { difficulty: 3 },
    8: { note: '여행 준비로 바빴어요' },
    9: {},
    10: { difficulty: 2, note: '물을 많이 마셨어요' },
    11: {},
    12: { difficulty: 5, note: '캠핑을 갔어요. 그래도 즐거웠어요', outcome: 'slipped' },
    13: {},
    14: { difficulty: 2 },
    15: {},
    16: { difficulty: 1, note: '회식이 있었지만 물만 마셨어요' },
    17: {},
    18: {},
  };
  for (const [ago, { outcome = 'kept', ...said }] of Object.entries(days)) {
    const foods = [];
    if (ago > 1) foods.push({ food_id: soda, outcome });
    if (ago < 6) foods.push({ food_id: ramen, outcome: 'kept' });
    await send(page, 'PUT', `/api/reviews/${daysAgo(ago)}`, { ...said, foods });
  }
  await send(page, 'PUT', `/api/reviews/skips/${await id()}`, {
    from: daysAgo(7),
    to: daysAgo(6),
    food_ids: [ramen, soda],
    note: '제주 여행',
  });
  await send(page, 'PATCH', `/api/foods/${coffee}`, { archived: true });
  await send(page, 'DELETE', `/api/foods/${bread}`);
  await send(page, 'POST', '/api/auth/tokens', { name: '집 서버', scope: 'read' });
  return { ramen, soda, snack, coffee };
}
