# The door to the build: a thin layer over CMake and scripts/. `make help` lists what there is.
PREFIX ?= /usr/local
DESTDIR ?=
PG_CONFIG ?= pg_config

extension_directory = $(DESTDIR)$(PREFIX)/lib/postrider
program_directory = $(DESTDIR)$(PREFIX)/bin
unit_directory = $(DESTDIR)$(PREFIX)/lib/systemd/system
release = build/release

.PHONY: all release demo check install uninstall clean pg help
.DEFAULT_GOAL := all

all: release

# CMake and ninja know what is up to date; this is always asked.
release:
	@scripts/build-release

demo:
	@scripts/install-deps demo
	@scripts/build-release
	@scripts/demo

check:
	@scripts/install-deps check
	@scripts/check

install: release
	install -D -m 0644 $(release)/mod_postrider.so $(extension_directory)/mod_postrider.so
	install -D -m 0755 $(release)/postrider-run $(program_directory)/postrider-run
	install -d $(unit_directory)
	sed 's#/usr/local/bin/#$(PREFIX)/bin/#' packaging/postrider@.service >$(unit_directory)/postrider@.service

uninstall:
	rm -f $(extension_directory)/mod_postrider.so $(program_directory)/postrider-run \
	  $(unit_directory)/postrider@.service

clean:
	rm -rf build

pg:
	@pgxs=$$($(PG_CONFIG) --pgxs 2>/dev/null); \
	headers=$$($(PG_CONFIG) --includedir-server 2>/dev/null); \
	if [ -z "$$pgxs" ] || [ ! -f "$$pgxs" ] || [ ! -f "$$headers/postgres.h" ]; then \
	  echo "make pg: PostgreSQL's server headers are missing ($(PG_CONFIG) found no postgres.h or no pgxs.mk)."; \
	  echo "         On Debian: apt-get install postgresql-server-dev-15, or set PG_CONFIG=/path/to/pg_config."; \
	fi; \
	echo "make pg: this version contains the SQLite extension only; the PostgreSQL extension comes next."; \
	exit 1

help:
	@echo "make            build the SQLite extension and postrider-run into $(release)"
	@echo "make demo       install what that needs, build, and let two SQLite files meet by mail"
	@echo "make check      install what it needs, then format, lint, build, all tests; ends with a count"
	@echo "make install    into PREFIX=$(PREFIX) (DESTDIR is honoured); make uninstall takes it back"
	@echo "make clean      remove build/"
	@echo "make pg         the PostgreSQL extension: says what is missing"
