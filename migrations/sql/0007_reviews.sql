-- What a person says of a date as a whole. What they say of a food is in `outcomes`.
CREATE TABLE reviews (
    user_id    BINARY(16)       NOT NULL,
    date       DATE             NOT NULL,
    difficulty TINYINT UNSIGNED NULL,
    mood       TINYINT UNSIGNED NULL,
    note       VARCHAR(2000)    NULL,
    updated_at DATETIME(6)      NOT NULL,
    PRIMARY KEY (user_id, date),
    FOREIGN KEY (user_id) REFERENCES users (user_id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
