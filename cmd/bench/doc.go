// Command bench measures the desk beside the bare limits of the same machine, in alternating pairs, and prints what
// came out as ratios with their targets (docs/benchmarks.md is written by it).
//
// Checks that must hold on every machine do not belong here: they are tests.
package main
