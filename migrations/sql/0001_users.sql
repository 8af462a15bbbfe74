-- A person. Days are labels in `time_zone`, and begin at `day_start`.
CREATE TABLE users (
    user_id      BINARY(16)   NOT NULL,
    display_name VARCHAR(100) NOT NULL,
    email        VARCHAR(320) NULL,
    locale       ENUM ('ko', 'en') NOT NULL,
    time_zone    VARCHAR(64)  NOT NULL,
    day_start    TIME         NOT NULL DEFAULT '00:00',
    created_at   DATETIME(6)  NOT NULL,
    PRIMARY KEY (user_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
