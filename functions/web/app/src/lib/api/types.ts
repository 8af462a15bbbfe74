/** What the API sends, as far as the app reads it. Dates are labels, `YYYY-MM-DD`. */

export type Locale = 'ko' | 'en';
export type Outcome = 'kept' | 'slipped' | 'skipped';
export type Status = Outcome | 'open' | 'missing';
export type Level = 1 | 2 | 3 | 4 | 5;

export interface Me {
  id: string;
  display_name: string | null;
  email: string | null;
  locale: string;
  time_zone: string;
  day_start: string;
}

export interface Provider {
  id: string;
  name: string;
}

export type Counting = 'assume' | 'confirm';

export interface Food {
  id: string;
  name: string;
  icon: string | null;
  color: string | null;
  start_date: string;
  counting: Counting;
  goal_days: number | null;
  /** One reason a line. */
  motivation: string | null;
  price_per_day: string | null;
  currency: string | null;
  position: number;
  archived_on: string | null;
  created_at: string;
  updated_at: string;
}

type Editable = 'icon' | 'color' | 'goal_days' | 'motivation' | 'price_per_day' | 'currency';

export type NewFood = Pick<Food, 'id' | 'name' | 'start_date'> &
  Partial<Pick<Food, Editable | 'counting'>>;

export type FoodChange = Partial<Pick<Food, Editable | 'name' | 'start_date' | 'counting'>> & {
  archived?: boolean;
};

export interface Streak {
  food_id: string;
  as_of: string;
  /** Null where today lies before the food's start. */
  today: Status | null;
  day_number: number;
  kept_days: number;
  confirmed_days: number;
  slip_days: number;
  skipped_days: number;
  missing_days: number;
  current_streak: number;
  current_if_yesterday_kept: number | null;
  longest_streak: number;
  success_rate: number | null;
  last_slip_on: string | null;
  saved: { amount: string; currency: string } | null;
  goal_reached_on: string | null;
  next_milestone: { days: number; remaining: number; on: string } | null;
  milestones: { days: number; reached_on: string }[];
}

/** One time that a food was eaten. */
export interface Slip {
  id: string;
  date: string;
  food_id: string;
  /** `HH:MM`, wall time within the day of `date`. */
  time: string | null;
  /** 0 to 10. */
  craving: number | null;
  /** Free text, or a key that the app has words for. */
  trigger: string | null;
  amount: string | null;
  note: string | null;
}

export interface ReviewedFood {
  food_id: string;
  outcome: Outcome | null;
  status: Status | null;
  note: string | null;
}

export interface Review {
  date: string;
  difficulty: Level | null;
  mood: Level | null;
  note: string | null;
  foods: ReviewedFood[];
  slips: Slip[];
  updated_at: string;
}

/** The body of a PUT: difficulty, mood and note are replaced, foods not named keep their outcome. */
export interface ReviewInput {
  difficulty: Level | null;
  mood: Level | null;
  note: string | null;
  foods: { food_id: string; outcome: Outcome | null; note: string | null }[];
}

export interface Today {
  as_of: string;
  next_day_at: string;
  me: Me;
  /** `waiting`: its numbers are the last known ones, until what waits on this device is sent. */
  foods: { food: Food; streak: Streak; waiting?: boolean }[];
  review: Review | null;
  pending: { date: string; food_ids: string[] } | null;
}

export interface CalendarDay {
  date: string;
  status: Status;
  recorded: boolean;
  slips: number;
}

/** What the history of a food says. */
export interface Stats {
  /** Monday first. */
  by_weekday: number[];
  by_hour: number[];
  without_time: number;
  triggers: { trigger: string; count: number }[];
  runs: Run[];
  rate_30: { kept: number; counted: number };
}

export interface Run {
  from: string;
  to: string;
  days: number;
  /** Null while it goes on. */
  ended_by: 'slipped' | 'missing' | null;
}

/** A range of days off; both ends belong to it. */
export interface Skip {
  id: string;
  from: string;
  to: string;
  food_ids: string[];
  note: string | null;
}

/** Without foods it is for those that are active when it is stored. */
export type NewSkip = Pick<Skip, 'id' | 'from' | 'to'> & Partial<Skip>;
