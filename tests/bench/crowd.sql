-- @people people with a session, a food and a reviewed day each, all counted through yesterday. Their ids
-- ascend, as those of real people do, and leave room between them.
SET foreign_key_checks = 0, unique_checks = 0, @yesterday = UTC_DATE() - INTERVAL 1 DAY;

INSERT INTO users (user_id, display_name, locale, time_zone, created_at)
SELECT UNHEX(LPAD(HEX(seq * 16), 32, '0')), 'a person', 'ko', 'UTC', '2025-01-01' FROM seq_1_to_10000000 WHERE seq <= @people;

INSERT INTO sessions (user_id, id, token_hash, created_at, last_used_at)
SELECT user_id, user_id, UNHEX(SHA2(CONCAT('crowd', HEX(user_id)), 256)), UTC_TIMESTAMP(), UTC_TIMESTAMP() FROM users;

INSERT INTO foods (user_id, id, name, start_date, counting, position, created_at, updated_at)
SELECT user_id, user_id, 'ramen', @yesterday, 'assume', 0, '2025-01-01', '2025-01-01' FROM users;

INSERT INTO counters (user_id, food_id, closed_through, kept_days, confirmed_days, slip_days, skipped_days, missing_days,
                      current_run, longest_run, next_milestone, milestones)
SELECT user_id, user_id, @yesterday, 1, 1, 0, 0, 0, 1, 1, 3, '[]' FROM users;

INSERT INTO reviews (user_id, date, difficulty, updated_at) SELECT user_id, @yesterday, 2, UTC_TIMESTAMP() FROM users;

INSERT INTO outcomes (user_id, food_id, date, outcome) SELECT user_id, user_id, @yesterday, 'kept' FROM users;

ANALYZE TABLE users, sessions, foods, counters, reviews, outcomes;
