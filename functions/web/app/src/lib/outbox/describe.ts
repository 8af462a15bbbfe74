/** The fields of a review, slip, food or range of days off in words. */
import { dateIn } from '../dates/dates';
import type { Fields, Value } from './fields';
import type { Food, Outcome } from '../api/types';
import { words } from '../words/words.svelte';

type Named = Pick<Food, 'id' | 'name'>;

/** The content of a review in one line: "설탕 지킴 · 라면 먹음 · 힘들었어요". */
export function describe(fields: Fields, foods: Named[]): string {
  const names = foods.flatMap(({ id }) => [`${id}.outcome`, `${id}.note`]);
  return [...names, 'difficulty', 'note']
    .flatMap((name) => {
      const value = fields[name] ?? null;
      if (value === null) return [];
      const [food, field] = name.split('.');
      const said = sayValue(name, value, foods);
      if (field === 'outcome') return `${foods.find(({ id }) => id === food)?.name} ${said}`;
      return name === 'difficulty' ? said : `“${said}”`;
    })
    .join(' · ');
}

/** What a field is called: that of a food by the name of the food. */
export function sayName(name: string, foods: Named[]): string {
  const { field, slip, edit, daysOff, day, review, settings } = words.t;
  const [food, part] = name.split('.');
  if (part) {
    const title = foods.find(({ id }) => id === food)?.name ?? slip.food;
    return part === 'note' ? day.foodNote(title) : title;
  }
  const names: Record<string, string> = {
    name: field.name,
    date: field.date,
    note: field.note,
    difficulty: review.difficulty,
    food_id: slip.food,
    time: slip.time,
    trigger: slip.trigger,
    amount: slip.amount,
    craving: slip.craving,
    icon: edit.icon,
    color: edit.color,
    start_date: edit.startDate,
    counting: edit.counting,
    goal_days: edit.goal,
    motivation: edit.why,
    price_per_day: edit.price,
    currency: edit.currency,
    from: daysOff.from,
    to: daysOff.to,
    food_ids: daysOff.foods,
    display_name: settings.name,
    time_zone: settings.zone,
    day_start: settings.dayStart,
  };
  return names[name] ?? name;
}

/** What a field holds; empty where it holds nothing. Without `today` dates have their year. */
export function sayValue(name: string, value: Value, foods: Named[], today = ''): string {
  if (value === null || value === '') return '';
  const { status, review, triggers, edit, stats } = words.t;
  const text = `${value}`;
  const nameOf = (food: string) => foods.find(({ id }) => id === food)?.name ?? food;
  const say: Record<string, () => string> = {
    outcome: () => status[text as Outcome],
    difficulty: () => review.faces[Number(value) - 1] ?? text,
    food_id: () => nameOf(text),
    food_ids: () => text.split(' ').map(nameOf).join(', '),
    trigger: () => triggers[text] ?? text,
    counting: () => (text === 'confirm' ? edit.confirm : edit.assume),
    goal_days: () => stats.runDays(Number(value)),
  };
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return dateIn(text, today, words.locale);
  return say[name.split('.')[1] ?? name]?.() ?? text;
}
