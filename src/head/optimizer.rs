//! What a step along a gradient is, as torch's `Adam` and `SGD` have it.
//!
//! Adam: Kingma & Ba 2015, "Adam: A Method for Stochastic Optimization", algorithm 1. The L2 penalty adds
//! `l2 · parameter` to the gradient, of biases too.

use super::options::{Method, Recipe};

const BETA_1: f32 = 0.9;
const BETA_2: f32 = 0.999;
const EPSILON: f32 = 1e-8;

/// An optimizer and what it remembers of former gradients.
pub struct Optimizer {
    rule: Rule,
    learning_rate: f32,
    l2: f32,
    steps: i32,
    /// For weights and biases.
    moments: [Moments; 2],
}

#[derive(Clone, Copy)]
enum Rule {
    Adam,
    Sgd { momentum: f32 },
}

/// Running means of the gradient, and for Adam of its square.
#[derive(Default)]
struct Moments {
    first: Vec<f32>,
    second: Vec<f32>,
}

impl Optimizer {
    /// The recipe's.
    pub fn new(recipe: &Recipe) -> Self {
        Self {
            rule: match recipe.method {
                Method::Sgd => Rule::Sgd {
                    momentum: recipe.momentum as f32,
                },
                Method::Adam | Method::Lbfgs | Method::Finetune => Rule::Adam,
            },
            learning_rate: recipe.learning_rate as f32,
            l2: recipe.l2.unwrap_or(0.0) as f32,
            steps: 0,
            moments: Default::default(),
        }
    }

    /// Moves weights and biases by their gradients.
    pub fn step(&mut self, parameters: [&mut [f32]; 2], gradients: [&[f32]; 2]) {
        self.steps += 1;
        let Self {
            rule,
            learning_rate,
            l2,
            steps,
            moments,
        } = self;
        let (rate, l2) = (*learning_rate, *l2);
        let correction = [BETA_1, BETA_2].map(|beta| 1.0 - beta.powi(*steps));
        for ((parameters, gradients), moments) in parameters.into_iter().zip(gradients).zip(moments)
        {
            let Moments { first, second } = moments;
            first.resize(parameters.len(), 0.0);
            second.resize(parameters.len(), 0.0);
            let remembered = first.iter_mut().zip(second);
            for ((value, slope), (first, second)) in
                parameters.iter_mut().zip(gradients).zip(remembered)
            {
                let slope = slope + l2 * *value;
                *value -= rate
                    * match *rule {
                        Rule::Adam => {
                            *first += (1.0 - BETA_1) * (slope - *first);
                            *second += (1.0 - BETA_2) * (slope * slope - *second);
                            let deviation = (*second / correction[1]).sqrt();
                            *first / correction[0] / (deviation + EPSILON)
                        }
                        Rule::Sgd { momentum } => {
                            *first = momentum * *first + slope;
                            *first
                        }
                    };
            }
        }
    }
}
