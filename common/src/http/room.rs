//! How much memory the bodies of requests may take while they arrive and until they are answered.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use uuid::Uuid;

use crate::{Code, Result, functions::IMPORT};

/// How large a body is buffered until its request is answered. A request with a larger one runs once.
pub(crate) const BUFFERED_BODY: usize = 512 * 1024;

/// The rooms of a process: one for bodies that are small enough to buffer, one for larger ones.
#[derive(Clone)]
pub(super) struct Rooms {
    buffered: Arc<Room>,
    uploads: Arc<Room>,
}

impl Default for Rooms {
    /// Small bodies take 16 MiB together at most, a quarter of a function's memory. Uploads take four thirds of the largest
    /// import: parsed, a file takes up to twice its size again, and `data` has 384 MiB.
    fn default() -> Self {
        let room = |all, share| Arc::new(Room { all, share, taken: Mutex::default() });
        Self { buffered: room(32 * BUFFERED_BODY, 8 * BUFFERED_BODY), uploads: room(IMPORT * 4 / 3, IMPORT) }
    }
}

impl Rooms {
    /// A place for a body of `owner`, which may grow to `limit`.
    pub(super) fn place(&self, owner: Option<Uuid>, limit: usize) -> Place {
        let room = if limit > BUFFERED_BODY { &self.uploads } else { &self.buffered };
        Place { room: room.clone(), owner, size: 0 }
    }
}

struct Room {
    /// What all bodies may take together.
    all: usize,
    /// What those of one person may take.
    share: usize,
    /// What those of each person take now.
    taken: Mutex<HashMap<Option<Uuid>, usize>>,
}

/// What one body takes of a room, until it is dropped.
pub(super) struct Place {
    room: Arc<Room>,
    owner: Option<Uuid>,
    size: usize,
}

impl Place {
    /// Takes room for `size` more bytes. A person whose share is used up waits for nobody but themselves.
    pub(super) fn grow(&mut self, size: usize) -> Result<()> {
        let mut taken = self.room.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = taken.values().sum();
        let own = taken.entry(self.owner).or_default();
        if all + size > self.room.all || *own + size > self.room.share {
            tracing::warn!(all, own, "no room for another body");
            return Err(Code::Unavailable.into());
        }
        *own += size;
        self.size += size;
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.room.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = taken.get_mut(&self.owner) {
            *own -= self.size;
            if *own == 0 {
                taken.remove(&self.owner);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_can_not_fill_the_room_of_another() {
        let rooms = Rooms::default();
        let (ada, bob) = (Some(Uuid::new_v4()), Some(Uuid::new_v4()));
        let fill = |owner| {
            let places = std::iter::repeat_with(|| {
                let mut place = rooms.place(owner, BUFFERED_BODY);
                place.grow(BUFFERED_BODY).is_ok().then_some(place)
            });
            places.take(100).flatten().collect::<Vec<_>>()
        };
        let of_ada = fill(ada);
        assert_eq!(of_ada.len(), 8);
        assert_eq!(fill(bob).len(), 8, "as if nobody else were there");
        drop(of_ada);
        assert_eq!(fill(ada).len(), 8, "room that is given back can be taken again");
    }

    #[test]
    fn all_together_take_no_more_than_there_is() {
        let rooms = Rooms::default();
        let mut places: Vec<_> = (0..100).map(|_| rooms.place(Some(Uuid::new_v4()), BUFFERED_BODY)).collect();
        assert_eq!(places.iter_mut().filter_map(|place| place.grow(BUFFERED_BODY).ok()).count(), 32);
    }
}
