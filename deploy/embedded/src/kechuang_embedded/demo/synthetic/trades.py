"""Trades: what enterprises make, and what persons work on. Words only; all texts are put together from them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trade:
    """`industry` is a division of GB/T 4754, `group` the industry group of the size classes, `field` the
    high-tech field, `discipline` a code of GB/T 13745. `objects`, `methods`, `faults` make titles of works."""

    code: str
    industry: str
    group: str
    field: str
    discipline: str
    names: tuple[str, ...]
    objects: tuple[str, ...]
    methods: tuple[str, ...]
    faults: tuple[str, ...]
    weight: int = 10


TRADES: tuple[Trade, ...] = (
    Trade("castings", "33", "industry", "advanced_manufacturing", "430",
          ("精密压铸", "金属制品", "五金科技", "轻合金"),
          ("铝合金压铸件", "镁合金薄壁件", "不锈钢铸件", "高强铝轮毂"),
          ("真空压铸", "半固态成形", "模温分区控制", "X 射线在线检测"),
          ("气孔缺陷", "热裂纹", "缩松", "尺寸超差"), 16),
    Trade("welding", "34", "industry", "advanced_manufacturing", "460",
          ("焊接装备", "激光装备", "智能装备"),
          ("高温合金薄壁环形件", "钛合金导管", "铝合金车体", "异种金属接头"),
          ("激光焊接", "搅拌摩擦焊", "电弧增材制造", "焊缝视觉跟踪"),
          ("焊接变形", "未熔合", "接头软化", "圆度超差"), 12),
    Trade("machines", "35", "industry", "advanced_manufacturing", "460",
          ("专用设备", "自动化设备", "机械科技", "包装机械"),
          ("五轴加工中心主轴", "食品包装生产线", "陶瓷压机", "造纸烘缸"),
          ("热误差补偿", "振动主动抑制", "预测性维护", "数字孪生建模"),
          ("热漂移", "颤振", "密封泄漏", "寿命不足"), 14),
    Trade("battery", "38", "industry", "new_energy", "480",
          ("新能源科技", "储能科技", "电池材料"),
          ("磷酸铁锂电芯", "硅碳负极", "固态电解质", "储能电池簇"),
          ("界面包覆", "原位聚合", "阻抗谱诊断", "液冷均温设计"),
          ("循环衰减", "低温析锂", "热失控蔓延", "一致性偏差"), 10),
    Trade("electronics", "39", "industry", "electronic_information", "510",
          ("电子科技", "线路板", "光电科技"),
          ("高频印制电路板", "毫米波天线", "硅光模块", "柔性显示模组"),
          ("脉冲电镀", "介电参数反演", "机器视觉检测", "低损耗树脂体系"),
          ("孔壁粗糙", "信号损耗", "翘曲", "漏检"), 13),
    Trade("appliances", "38", "industry", "electronic_information", "470",
          ("智能家电", "电器科技", "厨卫科技"),
          ("变频压缩机", "热泵热水器", "商用制冷机组", "燃气具"),
          ("噪声源识别", "低环温增焓", "自适应除霜", "边缘智能控制"),
          ("低频噪声", "结霜", "能效下降", "燃烧不充分"), 10),
    Trade("rail", "37", "industry", "advanced_manufacturing", "580",
          ("轨道装备", "车辆部件", "交通装备"),
          ("动车组座椅骨架", "齿轮箱箱体", "制动盘", "车钩缓冲器"),
          ("疲劳寿命预测", "轻量化拓扑优化", "摩擦副匹配", "状态监测"),
          ("疲劳开裂", "热斑", "渗油", "异常磨损"), 6),
    Trade("polymers", "26", "industry", "new_materials", "430",
          ("新材料", "高分子材料", "化工科技", "涂料科技"),
          ("水性聚氨酯树脂", "阻燃聚丙烯", "特种环氧胶", "生物基尼龙"),
          ("乳液聚合", "反应挤出", "纳米填料改性", "流变调控"),
          ("耐候性差", "层间剥离", "挥发物超标", "黄变"), 11),
    Trade("medicine", "27", "industry", "biology_medicine", "350",
          ("生物医药", "医疗科技", "制药科技"),
          ("透皮贴剂", "骨修复支架", "体外诊断试剂", "中药颗粒"),
          ("微球缓释", "指纹图谱质控", "三维打印", "磁珠富集"),
          ("载药量低", "批间差异", "灵敏度不足", "降解过快"), 6),
    Trade("food", "14", "industry", "biology_medicine", "550",
          ("食品科技", "农业科技", "陈皮食品"),
          ("陈皮提取物", "水产预制品", "柑橘精深加工品", "植物蛋白饮品"),
          ("超高压杀菌", "酶解增香", "冷链保鲜", "风味组学分析"),
          ("褐变", "沉淀分层", "货架期短", "风味损失"), 8),
    Trade("software", "65", "software", "electronic_information", "520",
          ("软件科技", "信息科技", "数据科技"),
          ("制造执行系统", "工业视觉算法", "设备数据网关", "知识图谱平台"),
          ("小样本学习", "联邦学习", "时序异常检测", "语义检索"),
          ("误报率高", "标注成本高", "延迟过大", "数据孤岛"), 12),
    Trade("environment", "46", "industry", "resources_environment", "610",
          ("环保科技", "水处理", "资源循环"),
          ("印染废水", "含氟废水", "漆渣", "餐厨垃圾"),
          ("膜蒸馏", "臭氧催化氧化", "厌氧氨氧化", "微生物菌剂"),
          ("膜污染", "毒性冲击", "能耗过高", "总氮超标"), 7),
)  # fmt: skip
BY_CODE = {each.code: each for each in TRADES}
