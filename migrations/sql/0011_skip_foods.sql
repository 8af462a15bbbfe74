-- The foods that a range of days off is for.
CREATE TABLE skip_foods (
    user_id BINARY(16) NOT NULL,
    skip_id BINARY(16) NOT NULL,
    food_id BINARY(16) NOT NULL,
    PRIMARY KEY (user_id, skip_id, food_id),
    KEY by_food (user_id, food_id),
    FOREIGN KEY (user_id, skip_id) REFERENCES skips (user_id, id) ON DELETE CASCADE,
    FOREIGN KEY (user_id, food_id) REFERENCES foods (user_id, id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
