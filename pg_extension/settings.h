/* The settings postrider.… of postgresql.conf. Paths are for superusers alone to set. */
#ifndef POSTRIDER_SETTINGS_H
#define POSTRIDER_SETTINGS_H

/* Where the secret files of nodes lie; never null, empty when not set. */
extern char *postrider_secret_directory;
/* In which whoever may declare may have maildirs: full paths, separated by commas; never null. */
extern char *postrider_directories;
/* Names, separated by commas; empty: every database that has the extension. */
extern char *postrider_databases;
/* By which workers write users' tables; never null. */
extern char *postrider_apply_role;
extern bool postrider_apply_role_may_be_superuser;

/* What postrider.apply_role is unless set; CREATE EXTENSION makes that role. */
#define POSTRIDER_OWN_APPLY_ROLE "postrider_apply"

/* Called once, when the library is loaded. */
extern void postrider_define_settings(void);

#endif
