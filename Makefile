# SPDX-License-Identifier: MIT
# A thin door: meson does the work. doc/architecture.md says what lies behind.
BUILD ?= build
OUT ?= out
SUITE ?=

.PHONY: all deps kernel-fetch bootstrap install demo test bench lab clean
.NOTPARALLEL:

all: $(BUILD)/build.ninja
	ninja -C $(BUILD)

$(BUILD)/build.ninja:
	meson setup $(BUILD)

# What tools/packages lists and this machine lacks; needs root only for that.
deps:
	tools/install-deps build bootstrap test

kernel-fetch:
	tools/fetch-kernel .cache/kernel

bootstrap: kernel-fetch all
	$(BUILD)/boomerang build -o $(OUT)

install: all
	meson install -C $(BUILD)

demo: deps bootstrap
	tests/lab/demo

# make test SUITE=unit: one suite only.
test: deps bootstrap
	tests/run $(SUITE)

bench: deps bootstrap
	bench/run

# The virtual machine of the tests, by hand.
lab: deps bootstrap
	tests/lab/by-hand

clean:
	rm -rf $(BUILD) $(OUT)
