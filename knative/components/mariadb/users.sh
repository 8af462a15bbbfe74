# shellcheck shell=bash
# Run once by the image's entrypoint, when the volume is new: an empty database, who may change its schema and make
# users for the functions, and who may read it all to keep a copy.
docker_process_sql <<SQL
CREATE DATABASE IF NOT EXISTS hanip CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE USER migrate IDENTIFIED BY '$(<"$FOLDER/migrate-password")';
GRANT ALL ON hanip.* TO migrate WITH GRANT OPTION;
GRANT CREATE USER ON *.* TO migrate;
GRANT SELECT ON mysql.* TO migrate;
CREATE USER backup IDENTIFIED BY '$(<"$FOLDER/backup-password")';
GRANT SELECT ON hanip.* TO backup;
SQL
