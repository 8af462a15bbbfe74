/** What the API sends and takes, by the names the app uses. Dates are labels, `YYYY-MM-DD`. */
import type { components as Auth } from './generated/auth';
import type { components as Data } from './generated/data';
import type { components as Foods } from './generated/foods';
import type { components as Reminders } from './generated/reminders';
import type { components as Reviews } from './generated/reviews';
import type { components as Streaks } from './generated/streaks';

type AuthSchemas = Auth['schemas'];
type FoodsSchemas = Foods['schemas'];
type ReviewsSchemas = Reviews['schemas'];
type StreaksSchemas = Streaks['schemas'];

export type Me = AuthSchemas['Me'];
export type MeChange = AuthSchemas['Change'];
export type Provider = AuthSchemas['ProviderName'];
export type OpenSession = AuthSchemas['OpenSession'];
export type Token = AuthSchemas['Token'];
export type Scope = AuthSchemas['Scope'];
export type Identity = AuthSchemas['Identity'];

export type Food = FoodsSchemas['Food'];
export type Counting = FoodsSchemas['Counting'];
/** Name, start and counting cannot be null. */
export type FoodChange = FoodsSchemas['Change'] &
  Partial<Pick<Food, 'name' | 'start_date' | 'counting'>>;
/** The app makes the id, so that a retry adds nothing twice. */
export type NewFood = FoodsSchemas['NewFood'] & Pick<Food, 'id' | 'start_date'>;

export type Outcome = ReviewsSchemas['Outcome'];
export type Review = ReviewsSchemas['Review'];
export type NewReview = ReviewsSchemas['NewReview'];
export type HardDays = ReviewsSchemas['HardDays'];
export type ReviewWeek = ReviewsSchemas['Week'];
export type Slip = ReviewsSchemas['Slip'];
export type Skip = ReviewsSchemas['Skip'];
/** Without foods it is for those that are active when it is stored. */
export type NewSkip = ReviewsSchemas['NewSkip'] & Pick<Skip, 'id'>;
/** From 1, the best, to 5. */
export type Level = number;

export type Reminder = Reminders['schemas']['Reminder'];
export type Channel = Reminders['schemas']['Channel'];
export type NewChannel = Reminders['schemas']['NewChannel'];
export type ReminderSend = Reminders['schemas']['Send'];

export type Status = StreaksSchemas['Status'];
export type Streak = StreaksSchemas['Streak'];
export type CalendarDay = StreaksSchemas['CalendarDay'];
export type Calendars = StreaksSchemas['Calendars'];
export type Stats = StreaksSchemas['Stats'];
export type FoodWeek = StreaksSchemas['Week'];
export type Pattern = StreaksSchemas['Pattern'];
export type Run = StreaksSchemas['Run'];
export type Today = Omit<StreaksSchemas['Today'], 'foods'> & { foods: Entry[] };
/** `waiting`: the numbers are old until the writes on this device are sent. */
export type Entry = StreaksSchemas['FoodToday'] & { waiting?: boolean };

export type Archive = Data['schemas']['Archive'];
export type FieldError = AuthSchemas['FieldProblem'];
export type ProblemBody = AuthSchemas['Problem'];

/** The languages of the app. */
export type Locale = 'ko' | 'en';
