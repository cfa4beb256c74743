//! The forest by itself.

use limner_annotation::audit::Random;
use limner_annotation::audit::forest::{Forest, Settings, Table, Target};

/// Two features that decide, two that do not.
fn chequers(rows: usize, seed: u64) -> (Table, Target) {
    let mut random = Random::new(seed);
    let mut columns = vec![Vec::new(); 4];
    let mut of_row = Vec::new();
    for _ in 0..rows {
        let values: Vec<f64> = (0..4).map(|_| random.share()).collect();
        of_row.push(u32::from((values[1] > 0.5) != (values[3] > 0.3)));
        for (column, value) in columns.iter_mut().zip(values) {
            column.push(value as f32);
        }
    }
    (Table { columns }, Target::Classes { of_row, classes: 2 })
}

fn accuracy(forest: &Forest, table: &Table, target: &Target) -> f64 {
    let Target::Classes { of_row, .. } = target else { panic!("classes") };
    let right = |(row, wanted): (&Vec<f32>, &u32)| u32::from(row[1] > row[0]) == *wanted;
    let predicted = forest.predict(table);
    predicted.iter().zip(of_row).filter(|pair| right((pair.0, pair.1))).count() as f64 / of_row.len() as f64
}

#[test]
fn it_learns_what_one_feature_alone_does_not_tell() {
    let (table, target) = chequers(3000, 1);
    let forest = Forest::grow(&table, &target, Settings::new(50, 9));
    let (unseen, truth) = chequers(1000, 2);
    assert!(accuracy(&forest, &unseen, &truth) > 0.95);
    let importances = forest.importances();
    assert!(importances[1] > 2.0 * importances[0] && importances[3] > 2.0 * importances[2], "{importances:?}");
    assert!((importances.iter().sum::<f64>() - 1.0).abs() < 1e-9);
}

#[test]
fn the_seed_decides_and_the_threads_do_not() {
    let (table, target) = chequers(500, 3);
    let grown = |threads: usize, seed: u64| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| Forest::grow(&table, &target, Settings::new(20, seed)).predict(&table))
    };
    assert_eq!(grown(1, 7), grown(3, 7));
    assert_ne!(grown(1, 7), grown(1, 8));
}

#[test]
fn values_are_foretold() {
    let mut random = Random::new(5);
    let column: Vec<f32> = (0..2000).map(|_| random.share() as f32 * 10.0).collect();
    let values: Vec<f32> = column.iter().map(|x| x * x).collect();
    let table = Table { columns: vec![column] };
    let forest = Forest::grow(&table, &Target::Values(values), Settings::new(30, 1));
    let asked = Table { columns: vec![vec![2.0, 5.0, 9.0]] };
    let found: Vec<f32> = forest.predict(&asked).into_iter().map(|row| row[0]).collect();
    assert!(found.iter().zip([4.0, 25.0, 81.0]).all(|(a, b)| (a - b).abs() < 1.5), "{found:?}");
}

#[test]
fn an_empty_table_and_a_single_class_are_no_trouble() {
    let empty = Forest::grow(&Table::default(), &Target::Values(Vec::new()), Settings::new(5, 1));
    assert!(empty.predict(&Table::default()).is_empty());
    let table = Table { columns: vec![vec![1.0; 10], (0..10).map(|n| n as f32).collect()] };
    let target = Target::Classes { of_row: vec![1; 10], classes: 3 };
    let forest = Forest::grow(&table, &target, Settings::new(5, 1));
    assert!(forest.predict(&table).iter().all(|row| row.as_slice() == [0.0, 1.0, 0.0] || (row[1] - 1.0).abs() < 1e-6));
    assert_eq!(forest.importances(), [0.0, 0.0]);
}
