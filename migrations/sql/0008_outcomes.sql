-- What a review says of a food: one row a food and date. A note may stand without an outcome.
CREATE TABLE outcomes (
    user_id BINARY(16)   NOT NULL,
    food_id BINARY(16)   NOT NULL,
    date    DATE         NOT NULL,
    outcome ENUM ('kept', 'slipped', 'skipped') NULL,
    note    VARCHAR(500) NULL,
    PRIMARY KEY (user_id, food_id, date),
    KEY by_date (user_id, date),
    FOREIGN KEY (user_id, food_id) REFERENCES foods (user_id, id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
