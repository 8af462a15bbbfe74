-- A food to quit. `body_hash` is the SHA-256 of the body that created it, when the client made the id:
-- the same request again is no conflict.
CREATE TABLE foods (
    user_id       BINARY(16)    NOT NULL,
    id            BINARY(16)    NOT NULL,
    name          VARCHAR(50)   NOT NULL,
    icon          VARCHAR(16)   NULL,
    color         CHAR(7)       NULL,
    start_date    DATE          NOT NULL,
    counting      ENUM ('assume', 'confirm') NOT NULL,
    goal_days     INT UNSIGNED  NULL,
    motivation    VARCHAR(1000) NULL,
    price_per_day VARCHAR(20)   NULL,
    currency      CHAR(3)       NULL,
    position      INT UNSIGNED  NOT NULL,
    archived_on   DATE          NULL,
    deleted_at    DATETIME(6)   NULL,
    body_hash     BINARY(32)    NULL,
    created_at    DATETIME(6)   NOT NULL,
    updated_at    DATETIME(6)   NOT NULL,
    PRIMARY KEY (user_id, id),
    KEY by_deletion (deleted_at),
    FOREIGN KEY (user_id) REFERENCES users (user_id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
