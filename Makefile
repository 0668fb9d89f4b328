# The door to the build: a thin layer over CMake and scripts/. `make help` lists what there is.
PREFIX ?= /usr/local
DESTDIR ?=
PG_CONFIG ?= pg_config
export PG_CONFIG

extension_directory = $(DESTDIR)$(PREFIX)/lib/postrider
program_directory = $(DESTDIR)$(PREFIX)/bin
unit_directory = $(DESTDIR)$(PREFIX)/lib/systemd/system
release = build/release

# Where there is no module, there is nothing to install or to test.
pgxs = $(MAKE) -C build/pg -f ../../pg_extension/Makefile CORE=../release DESTDIR=$(DESTDIR)
where_built = test ! -f build/pg/postrider.so ||

.PHONY: all release pg demo check install installcheck uninstall clean help
.DEFAULT_GOAL := all

all: release
	@scripts/build-postgresql --where-headers

# CMake and ninja know what is up to date; this is always asked.
release:
	@scripts/build-release

pg: release
	@scripts/build-postgresql

demo:
	@scripts/install-deps demo
	@scripts/build-release
	@scripts/build-postgresql
	@scripts/demo $(MAIL)

check:
	@scripts/install-deps check
	@scripts/check

install: all
	install -D -m 0644 $(release)/mod_postrider.so $(extension_directory)/mod_postrider.so
	install -D -m 0755 $(release)/postrider-network $(extension_directory)/postrider-network
	install -D -m 0755 $(release)/postrider-run $(program_directory)/postrider-run
	install -d $(unit_directory)
	sed 's#/usr/local/bin/#$(PREFIX)/bin/#' packaging/postrider@.service >$(unit_directory)/postrider@.service
	@$(where_built) $(pgxs) install

installcheck: pg
	@$(pgxs) installcheck

uninstall:
	rm -f $(extension_directory)/mod_postrider.so $(extension_directory)/postrider-network $(program_directory)/postrider-run \
	  $(unit_directory)/postrider@.service
	@$(where_built) $(pgxs) uninstall

clean:
	rm -rf build

help:
	@echo "make               build both extensions and postrider-run into $(release) and build/pg; the PostgreSQL"
	@echo "                   extension where PG_CONFIG=$(PG_CONFIG) finds a server's headers"
	@echo "make pg            the PostgreSQL extension, or what is missing for it"
	@echo "make demo          install what that needs, build, and let two databases meet by mail, over mail servers of its"
	@echo "                   own that only this machine reaches; make demo MAIL=maildir over a directory"
	@echo "make check         install what it needs, then format, lint, build, all tests; ends with a count"
	@echo "make install       the programs into PREFIX=$(PREFIX), the PostgreSQL extension where its server looks"
	@echo "                   (DESTDIR is honoured); make uninstall takes it back"
	@echo "make installcheck  test the installed PostgreSQL extension in the server of PGHOST and PGPORT, as a superuser"
	@echo "make clean         remove build/"
