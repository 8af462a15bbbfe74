-- What the tick needs of a food's rules, beside the counts: its arithmetic is then one table's.
-- `assumes`: a day without a record is kept, not missing. `closes_through`: the last date that is
-- ever closed, the one before an archived food was archived on.
ALTER TABLE counters
    ADD COLUMN assumes        BOOLEAN NOT NULL DEFAULT TRUE,
    ADD COLUMN closes_through DATE NOT NULL DEFAULT '9999-12-31';
UPDATE counters JOIN foods ON foods.user_id = counters.user_id AND foods.id = counters.food_id
SET assumes = counting = 'assume',
    closes_through = COALESCE(archived_on - INTERVAL 1 DAY, '9999-12-31');
