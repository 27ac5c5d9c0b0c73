// Sum over the LANES lanes of a workgroup, in fixed order; all lanes get it. Two barriers: 16 lanes' values are
// added by one lane, then every lane adds those sums. LANES is a constant of the kernel, a multiple of 16.
var<workgroup> lane_values: array<f32, LANES>;
var<workgroup> lane_sums: array<f32, LANES / 16u>;

fn workgroup_sum(value: f32, lane: u32) -> f32 {
  lane_values[lane] = value;
  workgroupBarrier();
  if (lane < LANES / 16u) {
    var sum = 0.0f;
    for (var i = 0u; i < 16u; i++) {
      sum += lane_values[16u * lane + i];
    }
    lane_sums[lane] = sum;
  }
  workgroupBarrier();
  var total = 0.0f;
  for (var i = 0u; i < LANES / 16u; i++) {
    total += lane_sums[i];
  }
  return total;
}
