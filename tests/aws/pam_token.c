/* A PAM module that hands a token, whole, to a program, and believes its exit status: pam_exec cuts what is longer than
   511 bytes, and tokens of RDS are. Its arguments are that program and the program's first arguments; the user is the last. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Of security/pam_modules.h, which is not installed everywhere. */
struct pam_handle;
enum { PAM_SUCCESS = 0, PAM_AUTHTOK = 6, PAM_AUTH_ERR = 7 };
int pam_get_user(struct pam_handle *, const char **, const char *);
int pam_get_authtok(struct pam_handle *, int, const char **, const char *);

int pam_sm_authenticate(struct pam_handle *pam, int flags, int argc, const char **argv) {
  const char *user, *token;
  char *program[8] = {0};
  int line[2], status;
  if (argc > 6 || pam_get_user(pam, &user, NULL) || pam_get_authtok(pam, PAM_AUTHTOK, &token, NULL) ||
      pipe2(line, O_CLOEXEC))
    return PAM_AUTH_ERR;
  memcpy(program, argv, argc * sizeof *argv);
  program[argc] = (char *)user;
  pid_t child = fork();
  if (child == 0) {
    dup2(line[0], 0);
    execv(program[0], program);
    _exit(127);
  }
  close(line[0]);
  ssize_t sent = write(line[1], token, strlen(token));
  close(line[1]);
  while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
    ;
  return child > 0 && sent >= 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? PAM_SUCCESS : PAM_AUTH_ERR;
}

int pam_sm_setcred(struct pam_handle *pam, int flags, int argc, const char **argv) { return PAM_SUCCESS; }
