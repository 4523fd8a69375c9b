# SPDX-License-Identifier: Apache-2.0
# For tests of session keyrings. The numbers are those of x86_64.

# with_key COMMAND...: in a session keyring that has a key only its owner sees.
with_key() {
	/usr/bin/python3 - "$@" <<-'EOF'
		import ctypes, os, sys
		c = ctypes.CDLL(None, use_errno=True)
		if c.syscall(250, 1, b"test-keys") < 0: sys.exit("keyctl")
		key = c.syscall(248, b"user", b"test-key", b"x", 1, -3)
		if key < 0 or c.syscall(250, 5, key, 0x3f000000) < 0: sys.exit("key")
		os.execvp(sys.argv[1], sys.argv[1:])
	EOF
}
