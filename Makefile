# SPDX-License-Identifier: Apache-2.0
# make            builds build/jailrt            make V=1      shows the commands
# make run        installs what is missing, builds, makes a demo bundle, runs it
# make check      installs test packages, builds, runs every test;  make check-fast  the quick ones
# make check-vm   tests in an emulated machine: cgroup v2, all capabilities, another kernel (part of check)
# make engines    podman, containerd, docker on jailrt and on a peer (part of check);  ENGINES="podman docker"
#                 make engines-docs  writes their table to docs/engines.md
#                 make bench-engines  measures their start of a container with jailrt, runc, crun
# make mutants    takes restrictions out, one at a time, to see that a test notices each;  NAMES="…" a few, or a file
# make bench      measures beside other runtimes (15 minutes);  QUICK=1 few rounds (2 minutes)
#                 make bench-trace  tells where the time goes;  make bench-docs  writes both to docs/performance.md
# make SAN=1 …    the same with address and undefined-behaviour sanitizers, in a folder of its own

VERSION := 0.1.0
CC      ?= gcc
PREFIX  ?= /usr/local
LIBEXEC ?= $(PREFIX)/libexec/jailrt
BUILD   := build$(if $(SAN),/san)
export SAN # tests leave out what does not go with sanitizers

# One pkg-config call; the static archives, where Debian has them, spare the loader its work.
PKGS     := yajl libseccomp
PKG_FLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
LIBDIRS  := $(shell pkg-config --variable=libdir $(PKGS) 2>/dev/null)
static    = $(firstword $(wildcard $(addsuffix /lib$(1).a,$(LIBDIRS))) $(if $(2),$(2),-l$(1)))
LIBS     := $(call static,yajl_s,-lyajl) $(call static,seccomp)

WARN     := -Wall -Wextra -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes
comma    := ,
CFLAGS   ?= -O2 -g
OURS     := -std=c11 -D_GNU_SOURCE -DJAILRT_VERSION='"$(VERSION)"' \
	    -DJAILRT_SHARE='"$(PREFIX)/share/jailrt"' -DJAILRT_LIBEXEC='"$(LIBEXEC)"' -fno-strict-aliasing \
	    -fvisibility=hidden -fPIE $(WARN) $(PKG_FLAGS) -I$(BUILD)/gen $(if $(SAN),-fsanitize=address$(comma)undefined \
	    -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
HARDEN   := -Wl,-z,relro,-z,now,--as-needed
LINK     := -pie $(HARDEN) $(if $(SAN),-fsanitize=address$(comma)undefined)

# jailrt itself is static where all archives are there: what no loader prepares starts sooner. STATIC= not.
archive   = $(findstring /,$(shell $(CC) -print-file-name=$(1)))
STATIC   := $(if $(or $(SAN),$(filter -l%,$(LIBS))),,$(and $(call archive,libc.a),$(call archive,rcrt1.o)))
# Packed relocations are done by the start code of glibc 2.36 and newer.
glibc     = $(shell echo '__GLIBC_MINOR__' | $(CC) -E -P -include features.h -x c - | tail -n 1)
PACKED   := $(if $(STATIC),$(shell [ "$(glibc)" -ge 36 ] 2>/dev/null && echo -Wl$(comma)-z$(comma)pack-relative-relocs))
WHOLE    := $(if $(STATIC),-static-pie $(HARDEN) $(PACKED) -Wl$(comma)-T$(comma)runtime/layout.ld,$(LINK))

LIB_SRC  := $(wildcard runtime/base/*.c spec/*.c runtime/do/*.c runtime/*.c)
CMD_SRC  := $(wildcard runtime/cmd/*.c)
UNIT_SRC := $(wildcard tests/unit/test_*.c)
LIB_OBJ  := $(LIB_SRC:%.c=$(BUILD)/%.o)
CMD_OBJ  := $(CMD_SRC:%.c=$(BUILD)/%.o)
BENCH    := $(addprefix $(BUILD)/bench/,bench floor payload)
SYSTEMD  := $(wildcard runtime/systemd/*.c)
HOOKS    := $(addprefix $(BUILD)/hooks/jailrt-hook-,net log debug)
NET      := $(BUILD)/jailrt-net
HELPERS  := $(BUILD)/deny $(BUILD)/race
OBSERVE  := $(BUILD)/observe
UNITS    := $(UNIT_SRC:tests/unit/%.c=$(BUILD)/tests/unit/%)

Q   := $(if $(V),,@)
say  = $(if $(V),,@printf '  %-5s %s\n' $(1) $(2))

# Objects of tests are kept, for the next build.
.SECONDARY:
.PHONY: all run check check-fast check-vm unit golden bats floors sizes fmt docs bench install uninstall \
	clean tests fuzz fuzzers flags engines engines-docs mutants bench-engines bench-seccomp \
	bench-trace bench-docs FORCE
all: $(BUILD)/jailrt $(BUILD)/jailrt-systemd $(HOOKS) $(NET)

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(OURS) $(CFLAGS) -MMD -MP -c -o $@ $<

# Tables made from data; named here because the first build has no .d file to know it from.
$(BUILD)/gen/%.inc: spec/data/%.awk spec/data/%.tsv
	@mkdir -p $(@D)
	$(call say,GEN,$@)
	$(Q)awk -f $^ > $@.new && mv $@.new $@

POLICIES := $(sort $(wildcard seccomp-profiles/*.policy seccomp-profiles/parts/*.policy))
$(BUILD)/gen/profiles.inc: spec/data/profiles.awk $(POLICIES)
	@mkdir -p $(@D)
	$(call say,GEN,$@)
	$(Q)awk -f $^ > $@.new && mv $@.new $@

# What has been built for another PREFIX looks for profiles there: this one file knows of it.
$(BUILD)/gen/prefix: FORCE
	@mkdir -p $(@D)
	@echo '$(PREFIX)' | cmp -s - $@ || echo '$(PREFIX)' > $@

$(BUILD)/spec/policy.o: $(BUILD)/gen/profiles.inc $(BUILD)/gen/prefix
$(BUILD)/spec/arch.o: $(BUILD)/gen/syscalls.inc
$(BUILD)/spec/kafel_names.o: $(BUILD)/gen/syscall-args.inc $(BUILD)/gen/constants.inc

$(BUILD)/libjailrt.a: $(LIB_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/jailrt: $(CMD_OBJ) $(BUILD)/libjailrt.a runtime/layout.ld
	$(call say,LD,$@)
	$(Q)$(CC) $(WHOLE) $(CFLAGS) $(LDFLAGS) -o $@ $(CMD_OBJ) $(BUILD)/libjailrt.a $(LIBS)

# It loads libsystemd, so it is dynamic.
$(BUILD)/jailrt-systemd: $(SYSTEMD:%.c=$(BUILD)/%.o) $(BUILD)/libjailrt.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LINK) $(CFLAGS) $(LDFLAGS) -o $@ $^ -ldl

$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(BUILD)/libjailrt.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LINK) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(BUILD)/libjailrt.a $(LIBS)

# Of jailrt-net what needs no libslirp.
NET_PURE := $(addprefix $(BUILD)/net/,packet.o judge.o flow.o proxy.o)
$(BUILD)/tests/unit/test_net $(BUILD)/fuzz_packet $(BUILD)/fuzz_proxy: $(NET_PURE)

# The oracle of capability names; of nothing else.
$(BUILD)/tests/unit/test_names: LIBS := $(LIBS) $(call static,cap)

$(BUILD)/golden: $(BUILD)/tests/golden.o $(BUILD)/libjailrt.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LINK) $(CFLAGS) $(LDFLAGS) -o $@ $< $(BUILD)/libjailrt.a $(LIBS)

# What behaviour tests run beside jailrt.
$(HELPERS): $(BUILD)/%: $(BUILD)/tests/%.o $(BUILD)/libjailrt.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LINK) $(CFLAGS) $(LDFLAGS) -o $@ $< $(BUILD)/libjailrt.a $(LIBS)

# Hooks are static: one that runs in the container finds no libraries of ours there.
$(BUILD)/hooks/jailrt-hook-net: $(BUILD)/hooks/net_make.o
$(HOOKS): $(BUILD)/hooks/jailrt-hook-%: $(BUILD)/hooks/%.o $(BUILD)/hooks/hook.o $(BUILD)/libjailrt.a
	$(call say,LD,$@)
	$(Q)$(CC) $(if $(SAN),$(LINK),-static) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(BUILD)/libjailrt.a $(LIBS)

# The one program with libslirp, and what that needs. What is not its main is tested, too.
NET_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(filter-out net/main.c,$(wildcard net/*.c)))
$(NET): $(BUILD)/net/main.o $(NET_OBJ) $(BUILD)/libjailrt.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LINK) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS) -lslirp

# What is measured against is static and never sanitized, so it is compiled apart from the rest.
$(BUILD)/bench/bench: $(filter-out bench/floor% bench/payload% bench/seccomp%,$(wildcard bench/*.c)) bench/bench.h
$(BUILD)/bench/floor: $(wildcard bench/floor*.c) runtime/base/sys.c bench/floor.h runtime/base/sys.h
$(BUILD)/bench/payload: bench/payload.c
$(BENCH): Makefile
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) -std=c11 -D_GNU_SOURCE $(WARN) $(CFLAGS) $(if $(filter %/bench,$@),,-static) \
		-o $@ $(filter %.c,$^)

# It runs in containers, where there are no libraries.
$(OBSERVE): $(wildcard tests/observe/*.c) tests/observe/observe.h Makefile
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) -std=c11 -D_GNU_SOURCE $(WARN) $(CFLAGS) -static -o $@ $(filter %.c,$^)

# This one measures the library itself.
$(BUILD)/bench/seccomp: $(BUILD)/bench/seccomp.o $(BUILD)/libjailrt.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LINK) $(CFLAGS) $(LDFLAGS) -o $@ $< $(BUILD)/libjailrt.a $(LIBS)

# What is installed first changes what pkg-config says, so make begins anew behind it.
run:
	@contrib/install-packages build demo
	@$(MAKE) --no-print-directory all
	@contrib/demo-bundle $(BUILD)/demo $(BUILD)/jailrt
	$(BUILD)/jailrt run $(BUILD)/demo

tests: all $(UNITS) $(BUILD)/golden $(BENCH) $(HELPERS) $(OBSERVE)

check check-fast:
	@contrib/install-packages build demo test $(if $(filter check,$@),runtimes)
	@$(MAKE) --no-print-directory tests
	@JAILRT=$(CURDIR)/$(BUILD)/jailrt BUILD=$(CURDIR)/$(BUILD) tests/run $(if $(filter check-fast,$@),fast,all)

check-vm:
	@contrib/install-packages build demo test
	@$(MAKE) --no-print-directory all $(OBSERVE) $(BENCH)
	@JAILRT=$(CURDIR)/$(BUILD)/jailrt BUILD=$(CURDIR)/$(BUILD) tests/run-vm $(FILES)

# Each restriction taken out, one at a time: some test must notice (tests/mutants*.txt). As root; half an hour.
mutants: tests
	@tests/mutants $(NAMES)

unit: $(UNITS)
	@tests/run-unit $(UNITS)

engines engines-docs bench-engines: all
	@JAILRT=$(CURDIR)/$(BUILD)/jailrt tests/engines/run \
		$(if $(filter engines-docs,$@),--docs) $(if $(filter bench-engines,$@),--bench) \
		$(if $(ONLY),--only '$(ONLY)') $(ENGINES)

golden: $(BUILD)/golden
	@BUILD=$(BUILD) tests/run-golden

bats: all $(BENCH) $(HELPERS) $(OBSERVE)
	@JAILRT=$(CURDIR)/$(BUILD)/jailrt tests/run-bats $(or $(FILES),tests/bats/*.bats)

bench:
	@contrib/install-packages build bench
	@$(MAKE) --no-print-directory bench-seccomp all $(BENCH)
	@BENCH_JSON=$(or $(BENCH_JSON),$(BUILD)/bench.json) $(BUILD)/bench/bench \
		$(CURDIR)/$(BUILD)/jailrt $(BUILD)/bench/floor $(BUILD)/bench/payload tests/data

# Where the time of some workloads goes, by the kernel's trace of system calls: $(BUILD)/trace.json.
bench-trace:
	@contrib/install-packages build bench
	@$(MAKE) --no-print-directory all $(BENCH)
	@BENCH_INSTEAD="$(CURDIR)/bench/trace $(CURDIR)/$(BUILD)/trace.json $(or $(ROUNDS),$(if $(QUICK),10,50))" \
		ONLY="$(or $(ONLY),run;run$(comma) cgroups;run$(comma) profile$(comma) cgroups$(comma) warm;exec$(comma) cgroups;state)" \
		CONTESTANTS="$(or $(CONTESTANTS),jailrt;floor;crun)" $(BUILD)/bench/bench \
		$(CURDIR)/$(BUILD)/jailrt $(BUILD)/bench/floor $(BUILD)/bench/payload tests/data

bench-docs:
	@bench/docs $(or $(BENCH_JSON),$(BUILD)/bench.json) $(BUILD)/trace.json docs

bench-seccomp: $(BUILD)/bench/seccomp
	@$<

# Each fuzzer for FUZZ_SECONDS, from the inputs of the golden cases and the samples (needs clang).
FUZZ_SECONDS ?= 60
FUZZERS  := $(patsubst tests/fuzz/%.c,$(BUILD)/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SAN := -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined

fuzz:
	@contrib/install-packages build fuzz
	@$(MAKE) --no-print-directory BUILD=build/fuzz CC=clang LINK= \
		CFLAGS='$(FUZZ_SAN) -fsanitize=fuzzer-no-link' fuzzers
	@FUZZ_SECONDS=$(FUZZ_SECONDS) tests/run-fuzz $$(find build/fuzz -maxdepth 1 -name "fuzz_*" -type f -executable)

fuzzers: $(FUZZERS)

$(BUILD)/fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/libjailrt.a
	$(call say,LD,$@)
	$(Q)$(CC) $(FUZZ_SAN) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(BUILD)/libjailrt.a $(LIBS)

floors sizes:
	@tests/$@

# What tests/clang compiles with.
flags: $(BUILD)/gen/syscalls.inc $(BUILD)/gen/profiles.inc
	@: $(info $(OURS))

docs: all
	@JAILRT=$(BUILD)/jailrt tests/docs --write

fmt:
	clang-format -i $$(git ls-files '*.c' '*.h')

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib $(DESTDIR)$(PREFIX)/include \
		$(DESTDIR)$(LIBEXEC) $(DESTDIR)$(PREFIX)/share/man/man8
	install -m 755 $(BUILD)/jailrt $(DESTDIR)$(PREFIX)/bin/
	install -m 755 $(BUILD)/jailrt-systemd $(HOOKS) $(NET) $(DESTDIR)$(LIBEXEC)/
	install -m 644 $(BUILD)/libjailrt.a $(DESTDIR)$(PREFIX)/lib/
	install -m 644 runtime/jailrt.h $(DESTDIR)$(PREFIX)/include/
	install -d $(DESTDIR)$(PREFIX)/share/jailrt/seccomp-profiles/parts
	install -m 644 seccomp-profiles/*.policy seccomp-profiles/*.json seccomp-profiles/README.md \
		$(DESTDIR)$(PREFIX)/share/jailrt/seccomp-profiles/
	install -m 644 seccomp-profiles/parts/*.policy \
		$(DESTDIR)$(PREFIX)/share/jailrt/seccomp-profiles/parts/
	install -m 644 docs/man/*.8 $(DESTDIR)$(PREFIX)/share/man/man8/

# What install has put there, and folders that are empty then; profiles of one's own stay.
SHARED := $(wildcard seccomp-profiles/*.policy seccomp-profiles/*.json seccomp-profiles/README.md \
	seccomp-profiles/parts/*.policy)
uninstall:
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/,bin/jailrt lib/libjailrt.a include/jailrt.h) \
		$(addprefix $(DESTDIR)$(LIBEXEC)/,$(notdir $(BUILD)/jailrt-systemd $(HOOKS) $(NET))) \
		$(addprefix $(DESTDIR)$(PREFIX)/share/jailrt/,$(SHARED)) \
		$(addprefix $(DESTDIR)$(PREFIX)/share/man/man8/,$(notdir $(wildcard docs/man/*.8)))
	-rmdir --ignore-fail-on-non-empty $(DESTDIR)$(LIBEXEC) \
		$(addprefix $(DESTDIR)$(PREFIX)/share/jailrt,/seccomp-profiles/parts /seccomp-profiles /)

clean:
	rm -rf build

-include $(HELPERS:$(BUILD)/%=$(BUILD)/tests/%.d) $(LIB_OBJ:.o=.d) $(CMD_OBJ:.o=.d) \
	$(wildcard $(BUILD)/hooks/*.d $(BUILD)/net/*.d $(BUILD)/runtime/systemd/*.d) $(UNITS:=.d) $(BUILD)/tests/golden.d
