-- A range of days off, agreed with oneself: a holiday in one request. Both ends belong to it.
CREATE TABLE skips (
    user_id    BINARY(16)   NOT NULL,
    id         BINARY(16)   NOT NULL,
    from_date  DATE         NOT NULL,
    to_date    DATE         NOT NULL,
    note       VARCHAR(500) NULL,
    PRIMARY KEY (user_id, id),
    KEY by_end (user_id, to_date),
    FOREIGN KEY (user_id) REFERENCES users (user_id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
