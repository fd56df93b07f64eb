package main

import "context"

func (b *bench) lists(context.Context) ([]row, error) { return nil, nil }
