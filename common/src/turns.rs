//! Turns: how much one person does at the same time in this process, so that nobody takes all of it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use uuid::Uuid;

use crate::{Code, Result};

/// So many people are remembered at least before those are forgotten who do nothing now.
const REMEMBERED: usize = 256;

/// A turn, until it is dropped.
pub type Turn = OwnedSemaphorePermit;

/// The turns of each person.
#[derive(Clone)]
pub struct Turns {
    /// How many one person has.
    each: usize,
    people: Arc<Mutex<HashMap<Uuid, Arc<Semaphore>>>>,
}

impl Turns {
    pub fn new(each: usize) -> Self {
        Self { each, people: Arc::default() }
    }

    /// A turn that is free now.
    pub fn try_take(&self, user_id: Uuid) -> Option<Turn> {
        self.of(user_id).try_acquire_owned().ok()
    }

    /// A turn, for which `patience` is waited; `unavailable` if none is free by then.
    pub async fn take(&self, user_id: Uuid, patience: Duration) -> Result<Turn> {
        let turn = timeout(patience, self.of(user_id).acquire_owned()).await;
        turn.ok().and_then(std::result::Result::ok).ok_or_else(|| Code::Unavailable.into())
    }

    fn of(&self, user_id: Uuid) -> Arc<Semaphore> {
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        if people.len() >= REMEMBERED && !people.contains_key(&user_id) {
            // A semaphore that is in use has another owner: its turns.
            people.retain(|_, turns| Arc::strong_count(turns) > 1);
        }
        people.entry(user_id).or_insert_with(|| Arc::new(Semaphore::new(self.each))).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn turns_are_each_persons_own_and_are_given_back() {
        let (turns, ada, eve) = (Turns::new(2), Uuid::from_u128(1), Uuid::from_u128(2));
        let taken = (turns.try_take(ada), turns.try_take(ada));
        assert!(taken.0.is_some() && taken.1.is_some());
        assert!(turns.try_take(ada).is_none() && turns.take(ada, Duration::ZERO).await.is_err());
        assert!(turns.try_take(eve).is_some(), "somebody else has turns too");
        drop(taken);
        assert!(turns.try_take(ada).is_some());
    }

    #[test]
    fn who_does_nothing_is_forgotten_and_who_has_a_turn_is_not() {
        let (turns, ada) = (Turns::new(1), Uuid::from_u128(1));
        let _turn = turns.try_take(ada);
        for other in 2..10_000 {
            turns.try_take(Uuid::from_u128(other));
        }
        assert!(turns.people.lock().expect("no panic").len() <= REMEMBERED);
        assert!(turns.try_take(ada).is_none());
    }
}
