// Next writes next-env.d.ts with paths of its last output folder; these two lines are what the sources need of it.
/// <reference types="next" />
/// <reference types="next/image-types/global" />
