//! The numbers of a food, as they are answered.

use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::diary::{
    counted_food::CountedFood,
    streak::{Counter, History, Milestone, Status, milestone_after},
};

/// The numbers of one food as of one date.
#[derive(Serialize, ToSchema)]
pub struct Streak {
    pub food_id: Uuid,
    /// The date the numbers are for: today, or the day the food was archived.
    pub as_of: NaiveDate,
    /// The status of that date; null before the food starts.
    pub today: Option<Status>,
    /// Days since the start, the start being day 1; it does not start over after a slip.
    pub day_number: u32,
    pub kept_days: u32,
    pub confirmed_days: u32,
    pub slip_days: u32,
    pub skipped_days: u32,
    pub missing_days: u32,
    pub current_streak: u32,
    /// Null unless yesterday is missing: the streak if it were reviewed as kept.
    pub current_if_yesterday_kept: Option<u32>,
    pub longest_streak: u32,
    /// Kept of all counted days, to 4 decimals; null where nothing counts yet.
    pub success_rate: Option<f64>,
    pub last_slip_on: Option<NaiveDate>,
    pub saved: Option<Saved>,
    pub goal_reached_on: Option<NaiveDate>,
    pub next_milestone: NextMilestone,
    pub milestones: Vec<Milestone>,
}

/// The price of a day times the days kept.
#[derive(Serialize, ToSchema)]
pub struct Saved {
    #[schema(examples("129000"))]
    pub amount: String,
    #[schema(examples("KRW"))]
    pub currency: String,
}

#[derive(Serialize, ToSchema)]
pub struct NextMilestone {
    pub days: u32,
    /// Days still to keep.
    pub remaining: u32,
    /// The date it is reached on if every day from now is kept.
    pub on: NaiveDate,
}

impl CountedFood {
    /// The numbers on the day `as_of`, when `history` holds everything after `closed_through`.
    pub(crate) fn streak(mut self, history: &History, as_of: NaiveDate) -> Streak {
        let begun = as_of >= self.start_date;
        let (counter, status, if_kept) = if begun {
            self.close(history, as_of - Days::new(1));
            let (counter, status, if_kept) = self.counter.with_today(history, self.counting, self.goal_days, as_of);
            (counter, Some(status), if_kept)
        } else {
            (Counter::new(self.start_date), None, None)
        };
        let counted = counter.kept_days + counter.slip_days + counter.missing_days;
        let next = milestone_after(counter.current_run, self.goal_days);
        let remaining = next - counter.current_run;
        // An open today is the first of the days still to keep.
        let from =
            if status == Some(Status::Open) { as_of - Days::new(1) } else { as_of.max(self.start_date - Days::new(1)) };
        let price = self.price_per_day.as_deref().and_then(|price| price.parse::<Decimal>().ok());
        Streak {
            food_id: self.id,
            as_of,
            today: status,
            day_number: if begun {
                u32::try_from((as_of - self.start_date).num_days() + 1).unwrap_or_default()
            } else {
                0
            },
            kept_days: counter.kept_days,
            confirmed_days: counter.confirmed_days,
            slip_days: counter.slip_days,
            skipped_days: counter.skipped_days,
            missing_days: counter.missing_days,
            current_streak: counter.current_run,
            current_if_yesterday_kept: if_kept,
            longest_streak: counter.longest_run,
            success_rate: (counted > 0)
                .then(|| (f64::from(counter.kept_days) / f64::from(counted) * 1e4).round() / 1e4),
            last_slip_on: counter.last_slip_on,
            saved: price.zip(self.currency).map(|(price, currency)| Saved {
                amount: (price * Decimal::from(counter.kept_days)).to_string(),
                currency,
            }),
            goal_reached_on: counter
                .milestones
                .iter()
                .find(|milestone| Some(milestone.days) == self.goal_days)
                .map(|milestone| milestone.reached_on),
            next_milestone: NextMilestone { days: next, remaining, on: from + Days::new(remaining.into()) },
            milestones: counter.milestones,
        }
    }
}
