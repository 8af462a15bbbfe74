-- One time that a food was eaten. The client makes the id, so that sending it again is no second slip.
CREATE TABLE slips (
    user_id    BINARY(16)       NOT NULL,
    id         BINARY(16)       NOT NULL,
    food_id    BINARY(16)       NOT NULL,
    date       DATE             NOT NULL,
    time       TIME             NULL,
    craving    TINYINT UNSIGNED NULL,
    cause      VARCHAR(50)      NULL,
    amount     VARCHAR(50)      NULL,
    note       VARCHAR(500)     NULL,
    updated_at DATETIME(6)      NOT NULL,
    PRIMARY KEY (user_id, id),
    KEY by_food (user_id, food_id, date),
    KEY by_date (user_id, date),
    FOREIGN KEY (user_id, food_id) REFERENCES foods (user_id, id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
