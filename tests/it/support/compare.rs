//! What people were told is stored, beside what is stored.

use common::{
    db,
    diary::{counted_food::Foods, counters},
};
use uuid::Uuid;

use crate::support::{
    diarist::{Diarist, Food},
    model::Numbers,
    world::{World, text},
};

/// How the stored counts differ from the slow ones.
#[derive(Debug, Default)]
pub struct Differences {
    pub foods: usize,
    pub days_doubled: i64,
    pub days_missed: i64,
    pub others: Vec<String>,
}

impl Diarist {
    /// Compares what is shown and what is stored with the slow count, and with a fold from the
    /// start; `all_closed` says that a tick has just closed every day that is over.
    pub async fn compare(&self, world: &World, all_closed: bool, differences: &mut Differences) {
        let (today, user_id) = (self.today(), self.person.id.parse().expect("an id"));
        let mut db = db::lock(world.db().acquire().await.expect("a connection"), user_id).await.expect("the lock");
        let stored = db::select(&mut db, Foods { user_id }).await.expect("counters");
        let ids: Vec<Uuid> = stored.iter().map(|food| food.id).collect();
        counters::recompute(&mut db, &ids, today).await.expect("a fold from the start");
        let folded = db::select(&mut db, Foods { user_id }).await.expect("counters");
        drop(db); // nothing of it stands
        let living: Vec<&Food> = self.living().collect();
        assert_eq!(stored.len(), living.len(), "a food is lost, or back");
        for (stored, folded) in stored.iter().zip(&folded) {
            let food = living.iter().find(|food| food.id == stored.id.to_string()).expect("a food of mine");
            let (past, as_of, closed) = (self.past(food), food.as_of(today), stored.counter.closed_through);
            let counted = Numbers::of(&stored.counter, stored.counter.waiting_run);
            let expected = past.through(closed);
            let mut differ = |what: &str, is: String, expected: String| {
                if is != expected {
                    differences.others.push(format!("{what} of {past:?} on {as_of}: {is}, not {expected}"));
                }
            };
            differ("the counter", format!("{counted:?}"), format!("{expected:?}"));
            if all_closed && closed < as_of {
                differ("the counter", format!("{:?}", stored.counter), format!("{:?}", folded.counter));
            }
            let shown = Numbers::shown(&self.person.streak(&food.id).await);
            let begun = as_of >= past.start;
            differ(
                "what is shown",
                format!("{shown:?}"),
                format!("{:?}", if begun { past.on(as_of) } else { Numbers::default() }),
            );
            let more = i64::from(counted.days()) - ((closed - past.start).num_days() + 1);
            differences.days_doubled += more.max(0);
            differences.days_missed += (-more).max(0);
            differences.foods += 1;
        }
    }

    /// Checks that every label is what it was when it was written.
    pub async fn compare_labels(&self) -> usize {
        let (mut shown, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.person.get(&format!("/api/reviews?limit=100{cursor}")).await.ok();
            for review in page["reviews"].as_array().expect("a list") {
                let on = text(&review["date"]);
                for food in review["foods"].as_array().expect("a list").iter().filter(|food| !food["outcome"].is_null())
                {
                    shown.push(format!("{on} {} {}", text(&food["outcome"]), text(&food["food_id"])));
                }
                for slip in review["slips"].as_array().expect("a list") {
                    shown.push(format!("{on} {} {}", text(&slip["id"]), text(&slip["food_id"])));
                }
            }
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        let mut written = Vec::new();
        for food in self.living() {
            let outcomes = food.past.outcomes.iter().map(|(on, outcome)| (on, <&str>::from(outcome).to_owned()));
            let slips = food.slips.iter().map(|(id, on)| (on, id.to_string()));
            written.extend(outcomes.chain(slips).map(|(on, what)| format!("{on} {what} {}", food.id)));
        }
        shown.sort();
        written.sort();
        assert_eq!(shown, written);
        written.len()
    }
}

impl Differences {
    /// Prints how many there are, and checks that there are none.
    #[track_caller]
    pub fn are_none(&self, of: &str) {
        println!("days doubled: {} of {of}", self.days_doubled);
        println!("days missed: {} of {of}", self.days_missed);
        println!("counts that differ from the slow model or from a fold from the start: {} of {of}", self.others.len());
        assert!(self.others.is_empty() && self.foods > 0, "{}", self.others.join("\n"));
        assert_eq!((self.days_doubled, self.days_missed), (0, 0));
    }
}
