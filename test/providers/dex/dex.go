//go:build tools

// Package dex pins the version of Dex that the tests build: its releases are no versions of its Go module.
package dex

import _ "github.com/dexidp/dex/cmd/dex"
