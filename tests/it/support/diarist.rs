//! People who change their minds about everything, and remember what they were told is stored.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use common::{
    Clock,
    diary::{
        day::today,
        streak::{Counting, Outcome},
    },
};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::time::sleep;
use uuid::Uuid;

use crate::{
    streaks::zones::{ZONES, zone},
    support::{
        model::Past,
        proxy::Random,
        world::{Person, Reply, World, date, text},
    },
};

pub struct Diarist {
    pub person: Person,
    name: String,
    clock: Clock,
    zone: &'static str,
    day_start: NaiveTime,
    signed_in: DateTime<Utc>,
    pub foods: Vec<Food>,
    ranges: BTreeMap<Uuid, Range>,
    random: Random,
}

/// A food, with what is recorded for it but the days off, which are for several.
pub struct Food {
    pub id: String,
    pub past: Past,
    pub slips: BTreeMap<Uuid, NaiveDate>,
    archived_on: Option<NaiveDate>,
    deleted_at: Option<DateTime<Utc>>,
}

struct Range {
    from: NaiveDate,
    to: NaiveDate,
    food_ids: Vec<String>,
}

impl Diarist {
    /// Somebody with `foods` foods that began at most 60 days ago.
    pub async fn at(world: &World, name: &str, foods: u64, random: Random) -> Self {
        let zone = ZONES[random.below(12) as usize];
        let mut person = world.stranger();
        person.sign_in(name, zone).await;
        let mut diarist = Self {
            person,
            name: name.to_owned(),
            clock: world.app.clock.clone(),
            zone,
            day_start: NaiveTime::MIN,
            signed_in: world.now(),
            foods: Vec::new(),
            ranges: BTreeMap::new(),
            random,
        };
        for _ in 0..foods {
            diarist.begins().await;
        }
        diarist
    }

    pub fn today(&self) -> NaiveDate {
        today(self.clock.now(), &zone(self.zone), self.day_start)
    }

    /// Signs in again before the session ends.
    pub async fn stays_signed_in(&mut self) {
        if self.clock.now() - self.signed_in > TimeDelta::days(20) {
            self.person.sign_in(&self.name, "UTC").await;
            self.signed_in = self.clock.now();
        }
    }

    /// Hours or days pass, in which twelve things are done; then a tick may come.
    pub async fn lives_on(&mut self, world: &World, random: &Random) {
        world.app.clock.advance(TimeDelta::hours(random.below(90) as i64));
        self.stays_signed_in().await;
        for _ in 0..12 {
            self.acts().await;
        }
        if random.below(3) == 0 {
            tick::run(&world.app, tick::CHUNK).await.expect("a tick");
        }
    }

    /// Does one thing, whatever comes to mind.
    pub async fn acts(&mut self) {
        match self.random.below(20) {
            0..=4 => self.reviews().await,
            5..=7 => self.slips().await,
            8 => self.takes_a_slip_back().await,
            9 => self.deletes_a_review().await,
            10 | 11 => self.takes_days_off().await,
            12 => self.works_after_all().await,
            13 | 14 => self.archives_or_resumes().await,
            15 | 16 => self.deletes_or_restores().await,
            17 | 18 => self.counts_otherwise().await,
            _ => self.travels().await,
        }
    }

    async fn begins(&mut self) {
        let start = self.today() - Days::new(self.random.below(60));
        let goal = self.chance(2).then(|| 1 + self.random.below(60) as u32);
        let (counting, name) = self.counting();
        let id = Uuid::new_v4().to_string();
        let food = json!({ "id": id, "name": "x", "start_date": start, "counting": name, "goal_days": goal });
        self.told(self.write(Method::POST, "/api/foods", &food)).await;
        let (outcomes, slips, skips) = Default::default();
        let past = Past { start, counting, goal, outcomes, slips, skips };
        self.foods.push(Food { id, past, slips: BTreeMap::new(), archived_on: None, deleted_at: None });
    }

    /// Says of a food what a date was, or takes it back.
    async fn reviews(&mut self) {
        let Some((at, on)) = self.some_day() else { return };
        let outcome = [Some(Outcome::Kept), Some(Outcome::Slipped), Some(Outcome::Skipped), None];
        let outcome = outcome[self.random.below(4) as usize];
        let foods = json!([{ "food_id": self.foods[at].id, "outcome": outcome }]);
        self.told(self.write(Method::PUT, &format!("/api/reviews/{on}"), &json!({ "foods": foods }))).await;
        match outcome {
            Some(outcome) => self.foods[at].past.outcomes.insert(on, outcome),
            None => self.foods[at].past.outcomes.remove(&on),
        };
    }

    async fn deletes_a_review(&mut self) {
        let Some(at) = self.some_food(|food| !food.past.outcomes.is_empty()) else { return };
        let outcomes = &self.foods[at].past.outcomes;
        let on = *outcomes.keys().nth(self.random.below(outcomes.len() as u64) as usize).expect("one of them");
        self.told(self.person.request(Method::DELETE, &format!("/api/reviews/{on}"))).await;
        for food in self.foods.iter_mut().filter(|food| food.deleted_at.is_none()) {
            food.past.outcomes.remove(&on);
        }
    }

    async fn slips(&mut self) {
        let Some((at, on)) = self.some_day() else { return };
        let id = Uuid::new_v4();
        let slip = json!({ "food_id": self.foods[at].id });
        self.told(self.write(Method::PUT, &format!("/api/reviews/{on}/slips/{id}"), &slip)).await;
        self.foods[at].slips.insert(id, on);
    }

    async fn takes_a_slip_back(&mut self) {
        let Some(at) = self.some_food(|food| !food.slips.is_empty()) else { return };
        let slips = &self.foods[at].slips;
        let (id, on) = slips.iter().nth(self.random.below(slips.len() as u64) as usize).expect("one of them");
        let (id, path) = (*id, format!("/api/reviews/{on}/slips/{id}"));
        self.told(self.person.request(Method::DELETE, &path)).await;
        self.foods[at].slips.remove(&id);
    }

    /// Before or after today, for one food or for all that are active.
    async fn takes_days_off(&mut self) {
        if self.ranges.len() > 90 {
            return;
        }
        let Some(at) = self.some_food(|food| food.archived_on.is_none()) else { return };
        let from = self.today() - Days::new(40) + Days::new(self.random.below(60));
        let (to, id) = (from + Days::new(self.random.below(20)), Uuid::new_v4());
        let mut range = json!({ "from": from, "to": to });
        if self.chance(2) {
            range["food_ids"] = json!([self.foods[at].id]);
        }
        let answer = self.told(self.write(Method::PUT, &format!("/api/reviews/skips/{id}"), &range)).await.json();
        let food_ids = answer["skip"]["food_ids"].as_array().expect("a list").iter().map(text).collect();
        self.ranges.insert(id, Range { from, to, food_ids });
    }

    async fn works_after_all(&mut self) {
        let Some(&id) = self.ranges.keys().nth(self.random.below(10) as usize) else { return };
        self.told(self.person.request(Method::DELETE, &format!("/api/reviews/skips/{id}"))).await;
        self.ranges.remove(&id);
    }

    async fn archives_or_resumes(&mut self) {
        let Some(at) = self.some_food(|_| true) else { return };
        let archived = self.foods[at].archived_on.is_none();
        let change = json!({ "archived": archived });
        let food = self.told(self.write(Method::PATCH, &self.path(at), &change)).await.json();
        assert_eq!(food["archived_on"].is_null(), !archived);
        self.foods[at].archived_on = food["archived_on"].as_str().map(date);
    }

    async fn deletes_or_restores(&mut self) {
        let now = self.clock.now();
        // Those that the tick may soon erase are left to it.
        let restorable = |food: &Food| food.deleted_at.is_some_and(|at| now - at < TimeDelta::days(20));
        if let Some(at) = self.foods.iter().position(restorable) {
            self.told(self.person.request(Method::POST, &format!("{}/restore", self.path(at)))).await;
            self.foods[at].deleted_at = None;
        } else if let Some(at) = self.some_food(|_| true) {
            self.told(self.person.request(Method::DELETE, &self.path(at))).await;
            self.foods[at].deleted_at = Some(now);
        } else {
            self.begins().await;
        }
    }

    /// Another rule, another goal, or an earlier start.
    async fn counts_otherwise(&mut self) {
        let Some(at) = self.some_food(|_| true) else { return };
        let (counting, name) = self.counting();
        let goal = self.chance(2).then(|| 1 + self.random.below(90) as u32);
        let start = self.foods[at].past.start - Days::new(self.random.below(3) * 5);
        let rules = json!({ "counting": name, "goal_days": goal, "start_date": start });
        self.told(self.write(Method::PATCH, &self.path(at), &rules)).await;
        let past = &mut self.foods[at].past;
        (past.counting, past.goal, past.start) = (counting, goal, start);
    }

    /// To another zone, or to another hour at which the day begins.
    pub async fn travels(&mut self) {
        let zone = ZONES[self.random.below(12) as usize];
        let hour = [0, 0, 4, 12][self.random.below(4) as usize];
        let change = json!({ "time_zone": zone, "day_start": format!("{hour:02}:00") });
        let me = self.told(self.write(Method::PATCH, "/api/auth/me", &change)).await.json();
        assert_eq!(me["time_zone"], zone);
        (self.zone, self.day_start) = (zone, NaiveTime::from_hms_opt(hour, 0, 0).expect("an hour"));
    }

    fn chance(&self, of: u64) -> bool {
        self.random.below(of) == 0
    }

    fn counting(&self) -> (Counting, &'static str) {
        [(Counting::Assume, "assume"), (Counting::Confirm, "confirm")][self.random.below(2) as usize]
    }

    fn path(&self, at: usize) -> String {
        format!("/api/foods/{}", self.foods[at].id)
    }

    fn write(&self, method: Method, path: &str, body: &Value) -> RequestBuilder {
        self.person.request(method, path).json(body)
    }

    /// Sends a request until it is answered: each of them may be sent again.
    async fn told(&self, request: RequestBuilder) -> Reply {
        loop {
            let reply = self.person.send(request.try_clone().expect("its body is in memory")).await;
            if reply.status.is_success() {
                return reply;
            }
            reply.problem(503, "unavailable");
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// The foods that are not deleted.
    pub fn living(&self) -> impl Iterator<Item = &Food> {
        self.foods.iter().filter(|food| food.deleted_at.is_none())
    }

    /// A food that is not deleted.
    fn some_food(&self, fits: impl Fn(&Food) -> bool) -> Option<usize> {
        let fitting = self.foods.iter().enumerate().filter(|(_, food)| food.deleted_at.is_none() && fits(food));
        let fitting: Vec<usize> = fitting.map(|(at, _)| at).collect();
        (!fitting.is_empty()).then(|| fitting[self.random.below(fitting.len() as u64) as usize])
    }

    /// A food, and a date on which something may be recorded for it: mostly one of the last.
    fn some_day(&self) -> Option<(usize, NaiveDate)> {
        let today = self.today();
        let at = self.some_food(|food| food.past.start <= food.as_of(today))?;
        let (first, last) = (self.foods[at].past.start, self.foods[at].as_of(today));
        let days = (last - first).num_days() as u64 + 1;
        let reach = if self.chance(3) { days } else { days.min(5) };
        Some((at, last - Days::new(self.random.below(reach))))
    }

    /// Everything recorded for one food.
    pub fn past(&self, food: &Food) -> Past {
        let mut past = food.past.clone();
        past.slips = food.slips.values().copied().collect();
        let ranges = self.ranges.values().filter(|range| range.food_ids.contains(&food.id));
        past.skips = ranges.map(|range| (range.from, range.to)).collect();
        past
    }
}

impl Food {
    /// Today, or the day it was archived.
    pub fn as_of(&self, today: NaiveDate) -> NaiveDate {
        self.archived_on.map_or(today, |archived_on| archived_on.min(today))
    }
}
