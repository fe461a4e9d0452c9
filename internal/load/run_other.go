//go:build !linux

package load

import "context"

// Run gives ErrUnsupported: the generator is built on epoll.
func Run(context.Context, Config) (Result, error) { return Result{}, ErrUnsupported }
