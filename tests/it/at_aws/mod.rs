//! A database at AWS: who comes in, and that nothing is lost while its password, its token or its address changes. The
//! programs are those with the feature `aws`, and what stands in for RDS is a MariaDB that checks tokens itself. It needs
//! root, for a PAM service and for names that only one program knows.

mod fail_over;
mod iam;
mod rds;
mod secrets;
mod start;
