-- @people people, numbered from @first, with @foods foods each that began @days days ago. Every day of every
-- food is reviewed, today too; one in 37 has a slip. Nothing is counted yet: a tick does that.
SET foreign_key_checks = 0, unique_checks = 0, @today = UTC_DATE();

CREATE TEMPORARY TABLE people (person BINARY(16) PRIMARY KEY, number INT)
SELECT UNHEX(LPAD(HEX(@first + seq), 32, '0')) AS person, @first + seq AS number FROM seq_0_to_9999 WHERE seq < @people;
CREATE TEMPORARY TABLE tracked (person BINARY(16), food BINARY(16), place INT, PRIMARY KEY (person, food))
SELECT person, UNHEX(CONCAT(LPAD(HEX(number), 16, '0'), LPAD(HEX(seq), 16, '0'))) AS food, seq AS place
FROM people JOIN seq_0_to_199 WHERE seq < @foods;

INSERT INTO users (user_id, display_name, email, locale, time_zone, created_at)
SELECT person, 'a person', CONCAT(number, '@example.org'), 'ko', 'UTC', '2000-01-01' FROM people;

INSERT INTO sessions (user_id, id, token_hash, created_at, last_used_at)
SELECT person, person, UNHEX(SHA2(CONCAT('token', number), 256)), UTC_TIMESTAMP(), UTC_TIMESTAMP() FROM people;
INSERT INTO api_tokens (user_id, id, name, scope, token_hash, created_at, last_used_at)
SELECT person, person, 'calendar', 'feed', UNHEX(SHA2(CONCAT('feed', number), 256)), UTC_TIMESTAMP(), UTC_TIMESTAMP() FROM people;

INSERT INTO foods (user_id, id, name, icon, color, start_date, counting, goal_days, motivation, price_per_day, currency,
                   position, created_at, updated_at)
SELECT person, food, '라면', '🍜', '#cc5500', @today - INTERVAL @days - 1 DAY, 'assume', 100, '푹 자고 싶어서', '1500', 'KRW',
       place, '2000-01-01', '2000-01-01'
FROM tracked;

INSERT INTO counters (user_id, food_id, closed_through, kept_days, confirmed_days, slip_days, skipped_days, missing_days,
                      current_run, longest_run, next_milestone, milestones)
SELECT person, food, @today - INTERVAL @days DAY, 0, 0, 0, 0, 0, 0, 0, 1, '[]' FROM tracked;

INSERT INTO reviews (user_id, date, difficulty, mood, note, updated_at)
SELECT person, @today - INTERVAL seq DAY, 2, 4, IF(seq % 10 = 0, '회식', NULL), UTC_TIMESTAMP()
FROM people JOIN seq_0_to_9999 WHERE seq < @days;

INSERT INTO outcomes (user_id, food_id, date, outcome)
SELECT person, food, @today - INTERVAL seq DAY, IF((seq + place) % 37 = 5, 'slipped', 'kept')
FROM tracked JOIN seq_0_to_9999 WHERE seq < @days;

INSERT INTO slips (user_id, id, food_id, date, time, cause, updated_at)
SELECT person, UNHEX(CONCAT(LPAD(HEX(number), 8, '0'), LPAD(HEX(place), 8, '0'), LPAD(HEX(seq), 16, '0'))), food,
       @today - INTERVAL seq DAY, '21:30', 'stress', UTC_TIMESTAMP()
FROM tracked JOIN people USING (person) JOIN seq_0_to_9999 WHERE seq < @days AND (seq + place) % 37 = 5;
DROP TABLE people, tracked;

ANALYZE TABLE users, sessions, foods, counters, reviews, outcomes, slips, skips, skip_foods;
