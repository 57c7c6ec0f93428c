//! How long grouping takes, with random fingerprints, with some that are alike but no copies, and with the
//! same one: `cargo bench --bench near_duplicates [-- 50000]`, with the number of images.

use std::hint::black_box;
use std::time::Instant;

use headstart::dataset::NearDuplicates;
use headstart::dataset::fingerprint::{FINGERPRINT_LEN, Fingerprint};
use headstart::image::INPUT_LEN;
use peak_alloc::PeakAlloc;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Times that a fingerprint is taken.
const ROUNDS: usize = 200;

fn main() {
    // cargo adds an option of its own.
    let count = std::env::args().find_map(|a| a.parse().ok());
    let count: usize = count.unwrap_or(50_000);
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut crop = vec![0; INPUT_LEN];
    random.fill_bytes(&mut crop);
    let start = Instant::now();
    for _ in 0..ROUNDS {
        black_box(Fingerprint::of_crop(black_box(&crop)));
    }
    let milliseconds = start.elapsed().as_secs_f64() * 1e3 / ROUNDS as f64;
    println!("A fingerprint of {FINGERPRINT_LEN} bytes takes {milliseconds:.2} ms.\n");
    println!("| {count} images | s | compared finely | groups | MB |");
    println!("|---|---|---|---|---|");
    let mut signed = |most: i8| random.random_range(-most..=most);
    let one: [i8; FINGERPRINT_LEN] = std::array::from_fn(|_| signed(60));
    group("random", count, || {
        std::array::from_fn(|_| signed(60).cast_unsigned())
    });
    let mut random = ChaCha8Rng::seed_from_u64(2);
    group("alike", count, || {
        let mut noise = || random.random_range(-45..=45_i8);
        std::array::from_fn(|at| {
            // The coarse picture's bytes vary less, and the fine one's half.
            let noise = if at < 259 { noise() / 9 } else { noise() };
            (one[at] / 2 + noise).cast_unsigned()
        })
    });
    group("the same", count, || one.map(i8::cast_unsigned));
}

fn group(what: &str, count: usize, mut next: impl FnMut() -> [u8; FINGERPRINT_LEN]) {
    MEMORY.reset_peak_usage();
    let start = Instant::now();
    let mut index = NearDuplicates::default();
    for _ in 0..count {
        index.add(Some(Fingerprint::from_bytes(&next())));
    }
    let groups = index.groups();
    let seconds = start.elapsed().as_secs_f64();
    let alone = (0..).zip(&groups).filter(|(at, group)| at == *group);
    println!(
        "| {what} | {seconds:.1} | {} | {} | {:.0} |",
        index.compared(),
        alone.count(),
        MEMORY.peak_usage_as_mb()
    );
}
