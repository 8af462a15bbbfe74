-- @people people with a food that counts reviewed days, a browser at @origin, and @each reminders: none is due for days.
-- Every browser has the same keys, @p256dh and @auth: a message is encrypted with a new key of its own all the same.
-- @zones is the version of the zone database that the function plans with.
SET foreign_key_checks = 0, unique_checks = 0, @later = UTC_DATE() + INTERVAL 7 DAY;

CREATE TEMPORARY TABLE people (person BINARY(16) PRIMARY KEY, number INT)
SELECT UNHEX(MD5(CONCAT('person', seq))) AS person, seq AS number FROM seq_1_to_10000000 WHERE seq <= @people;

INSERT INTO users (user_id, display_name, locale, time_zone, created_at)
SELECT person, 'a person', 'ko', 'UTC', '2025-01-01' FROM people;

INSERT INTO foods (user_id, id, name, start_date, counting, position, created_at, updated_at)
SELECT person, person, '라면', '2025-01-01', 'confirm', 0, '2025-01-01', '2025-01-01' FROM people;

INSERT INTO channels (user_id, id, kind, url, url_hash, p256dh, auth, milestones, created_at)
SELECT person, person, 'push', CONCAT(@origin, '/push/', number), UNHEX(SHA2(CONCAT(@origin, '/push/', number), 256)),
       @p256dh, @auth, 1, '2025-01-01'
FROM people;

INSERT INTO reminders (user_id, id, time, days, about, discreet, next_on, next_at, time_zone, day_start, zones)
SELECT person, UNHEX(MD5(CONCAT('reminder', number, ' ', seq))), SEC_TO_TIME(300 * ((number * 7 + seq) % 288)), 127, 'waiting',
       0, @later, @later + INTERVAL 300 * ((number * 7 + seq) % 288) SECOND, 'UTC', '00:00', @zones
FROM people JOIN seq_1_to_10 WHERE seq <= @each;

ANALYZE TABLE users, foods, channels, reminders;
