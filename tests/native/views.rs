//! Views of an image: what is embedded of it.

use crate::support::{BACKBONE, CROPS, FEATURES, max_abs_error, relative_l2, run};
use headstart::Classifier;
use headstart::device::cpu_backend;
use headstart::image::{
    INPUT_LEN, INPUT_SIDE, Pixels, RESIZED_SIDE, Region, Views, central_region, resize_and_crop,
};
use pollster::block_on;

/// A drawn crop as an image with alpha.
fn picture(number: usize) -> Vec<u8> {
    let crop = &CROPS[number];
    let opaque = |p: &[u8]| [p[0], p[1], p[2], 255];
    crop.chunks_exact(3).flat_map(opaque).collect()
}

fn mirrored(rgba: &[u8], width: usize) -> Vec<u8> {
    let row = |row: &[u8]| row.rchunks_exact(4).flatten().copied().collect::<Vec<u8>>();
    rgba.chunks_exact(4 * width).flat_map(row).collect()
}

fn embed(views: Views, rgba: &[u8], width: usize, height: usize) -> Vec<f32> {
    let mut classifier = Classifier::new(BACKBONE.clone(), views);
    classifier.stage("picture", rgba, width, height).unwrap();
    block_on(classifier.embed_staged()).unwrap()
}

fn crops(views: Views, rgba: &[u8], width: usize, height: usize) -> Vec<Vec<u8>> {
    let mut crops = Vec::new();
    let pixels = Pixels::rgba(rgba, width, height).unwrap();
    views.append(&pixels, &mut crops).unwrap();
    crops.chunks_exact(INPUT_LEN).map(<[u8]>::to_vec).collect()
}

#[test]
fn the_centre_view_is_the_central_crop_alone() {
    let picture = picture(3);
    let pixels = Pixels::rgba(&picture, INPUT_SIDE, INPUT_SIDE).unwrap();
    let crop = resize_and_crop(&pixels, RESIZED_SIDE).unwrap();
    let embedding = run(&crop).embeddings;
    assert_eq!(
        embed(Views::Centre, &picture, INPUT_SIDE, INPUT_SIDE),
        embedding
    );
    assert_eq!(
        crops(Views::Centre, &picture, INPUT_SIDE, INPUT_SIDE),
        [crop]
    );
    assert_eq!(Views::default(), Views::Centre);
}

#[test]
fn an_image_and_its_mirror_image_have_the_same_flip_embedding() {
    for number in [0, 9, 20] {
        let picture = picture(number);
        let mirrored = mirrored(&picture, INPUT_SIDE);
        let embed = |views, rgba| embed(views, rgba, INPUT_SIDE, INPUT_SIDE);
        let [one, other] = [&picture, &mirrored].map(|rgba| embed(Views::Flip, rgba));
        assert!(max_abs_error(&one, &other) < 1e-5);
        // Which is not so for the central crop alone.
        let [one, other] = [&picture, &mirrored].map(|rgba| embed(Views::Centre, rgba));
        assert!(relative_l2(&one, &other) > 0.01);
    }
}

#[test]
fn views_begin_with_the_central_crop_and_a_mirror_image_follows_each() {
    let picture = picture(5);
    // A landscape: the upper part of the picture.
    let (width, height) = (INPUT_SIDE, 150);
    let picture = &picture[..4 * width * height];
    let centre = crops(Views::Centre, picture, width, height);
    for (views, count) in [(Views::Centre, 1), (Views::Flip, 2), (Views::Crops, 4)] {
        let crops = crops(views, picture, width, height);
        assert_eq!((crops.len(), views.count()), (count, count));
        assert_eq!(crops[0], centre[0]);
        for pair in crops.chunks_exact(2) {
            let mirrored: Vec<u8> = pair[0]
                .chunks_exact(3 * INPUT_SIDE)
                .flat_map(|row| row.rchunks_exact(3).flatten().copied())
                .collect();
            assert_eq!(pair[1], mirrored);
        }
    }
    let crops = crops(Views::Crops, picture, width, height);
    assert_ne!(crops[2], crops[0]);
}

/// A picture whose levels tell the place: the closer view shows 70 % of the shorter side, in the middle.
#[test]
fn the_closer_view_shows_the_middle_of_the_central_crop() {
    const SIDE: usize = 200;
    let slope: Vec<u8> = (0..SIDE * SIDE)
        .flat_map(|i| [(i % SIDE) as u8, (i / SIDE) as u8, 0, 255])
        .collect();
    let pixels = Pixels::rgba(&slope, SIDE, SIDE).unwrap();
    let crops = crops(Views::Crops, &slope, SIDE, SIDE);
    let closer = resize_and_crop(&pixels, 320).unwrap();
    assert_eq!(crops[2], closer);
    // The first and the last pixel lie 15 % from the edges: 30 and 170 of 200.
    assert!(closer[0].abs_diff(30) <= 1 && closer[1].abs_diff(30) <= 1);
    assert!(closer[INPUT_LEN - 3].abs_diff(169) <= 1);
}

#[test]
fn an_embedding_is_the_mean_over_its_views() {
    let picture = picture(7);
    for views in [Views::Flip, Views::Crops] {
        let each: Vec<Vec<f32>> = crops(views, &picture, INPUT_SIDE, INPUT_SIDE)
            .iter()
            .map(|crop| run(crop).embeddings)
            .collect();
        let mean: Vec<f32> = (0..FEATURES)
            .map(|axis| each.iter().map(|e| e[axis]).sum::<f32>() / each.len() as f32)
            .collect();
        assert!(max_abs_error(&embed(views, &picture, INPUT_SIDE, INPUT_SIDE), &mean) < 1e-5);
    }
}

#[test]
fn images_staged_together_are_embedded_as_if_alone() {
    for views in [Views::Flip, Views::Crops] {
        let mut classifier = Classifier::new(BACKBONE.clone(), views);
        let pictures = [picture(1), picture(2), picture(3)];
        for picture in &pictures {
            classifier
                .stage("picture", picture, INPUT_SIDE, INPUT_SIDE)
                .unwrap();
        }
        let together = block_on(classifier.embed_staged()).unwrap();
        for (picture, embedding) in pictures.iter().zip(together.chunks_exact(FEATURES)) {
            let alone = embed(views, picture, INPUT_SIDE, INPUT_SIDE);
            assert!(max_abs_error(embedding, &alone) < 1e-5);
        }
    }
}

#[test]
fn a_batch_has_as_many_inputs_whatever_the_views() {
    let size = |views| Classifier::new(BACKBONE.clone(), views).batch_size();
    let inputs = cpu_backend().kind.batch_size();
    for views in [Views::Centre, Views::Flip, Views::Crops] {
        assert_eq!(size(views), inputs / views.count());
    }
}

/// torchvision's rule worked by hand: 256 for the shorter side, 224 of each in the middle.
#[test]
fn the_central_region_is_the_part_that_the_central_crop_shows() {
    let square = Region {
        left: 32.0,
        top: 32.0,
        width: 448.0,
        height: 448.0,
    };
    assert_eq!(central_region(512, 512), square);
    let landscape = Region {
        left: 288.0,
        ..square
    };
    assert_eq!(central_region(1024, 512), landscape);
    let portrait = Region {
        top: 288.0,
        ..square
    };
    assert_eq!(central_region(512, 1024), portrait);
    // 300×200 becomes 384×256, and the crop 80 and 16 from its edges.
    let region = central_region(300, 200);
    let scale = 200.0 / 256.0;
    assert_eq!((region.left, region.top), (80.0 * scale, 16.0 * scale));
    assert_eq!(
        (region.width, region.height),
        (224.0 * scale, 224.0 * scale)
    );
}
