-- How sign-ins ended, as counters: what a process counts dies with it, and attempts are deleted after ten minutes.
-- Nothing of a person is in it.
CREATE TABLE IF NOT EXISTS sign_ins (
    provider VARCHAR(20) NOT NULL,
    outcome  ENUM ('completed', 'refused', 'failed') NOT NULL,
    count    BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (provider, outcome)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
