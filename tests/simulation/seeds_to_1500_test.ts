// More seeds: test files run next to each other, the tests of one file one after the other.
import { testSeeds } from "./seeds.ts";

testSeeds(1001, 1500);
