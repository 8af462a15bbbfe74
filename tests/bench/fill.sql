-- People and foods as the last tick but one left them, and a slip in the gap for one food in
-- twenty: @people with five foods each, of which one in four counts only reviewed days.
SET foreign_key_checks = 0, unique_checks = 0, @closed = UTC_DATE() - INTERVAL 2 DAY;

INSERT INTO users (user_id, display_name, locale, time_zone, created_at)
SELECT UNHEX(MD5(CONCAT('person', seq))), 'a person', 'ko', 'UTC', '2025-01-01'
FROM seq_1_to_10000000 WHERE seq <= @people;

INSERT INTO foods (user_id, id, name, start_date, counting, position, created_at, updated_at)
SELECT UNHEX(MD5(CONCAT('person', 1 + seq % @people))), UNHEX(MD5(CONCAT('food', seq))), 'ramen',
       @closed - INTERVAL (seq * 7919) % 400 DAY, IF(seq % 4 = 0, 'confirm', 'assume'), 0, '2025-01-01', '2025-01-01'
FROM seq_1_to_10000000 WHERE seq <= @people * 5;

CREATE TEMPORARY TABLE steps (days INT PRIMARY KEY) ENGINE = MEMORY;
INSERT INTO steps VALUES (1), (3), (7), (14), (21), (30), (50), (66), (100), (200), (365), (730);
INSERT INTO counters (user_id, food_id, assumes, closed_through, kept_days, confirmed_days, slip_days, skipped_days,
                      missing_days, current_run, longest_run, next_milestone, waiting_run, milestones)
SELECT user_id, id, assumes, @closed, days * assumes, 0, 0, 0, days * (1 - assumes), days * assumes, days * assumes,
       (SELECT MIN(steps.days) FROM steps WHERE steps.days > begun.days * assumes), IF(assumes, NULL, 1),
       (SELECT CONCAT('[', COALESCE(GROUP_CONCAT('{"days":', steps.days, ',"reached_on":"',
                                                 start_date + INTERVAL steps.days - 1 DAY, '"}'), ''), ']')
        FROM steps WHERE steps.days <= begun.days * assumes)
FROM (SELECT *, counting = 'assume' AS assumes, DATEDIFF(@closed, start_date) + 1 AS days FROM foods) AS begun;

INSERT INTO slips (user_id, id, food_id, date, updated_at)
SELECT user_id, id, id, @closed + INTERVAL 1 DAY, UTC_TIMESTAMP() FROM foods WHERE CRC32(id) % 20 = 0;

INSERT INTO sessions (user_id, id, token_hash, created_at, last_used_at)
SELECT user_id, user_id, UNHEX(SHA2(CONCAT('token', 1), 256)), UTC_TIMESTAMP(), UTC_TIMESTAMP()
FROM users WHERE user_id = UNHEX(MD5('person1'));

ANALYZE TABLE users, foods, counters, slips, outcomes, skips;
CREATE TABLE before_the_tick LIKE counters;
INSERT INTO before_the_tick SELECT * FROM counters;
